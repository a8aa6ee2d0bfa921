package exchange

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// googleFile is the name of pam_google_authenticator's file in a home folder.
const googleFile = ".google_authenticator"

// GoogleAuthenticator reads the files of pam_google_authenticator out of a tar
// of home folders: the folder that holds one is named as its user. Everything
// else in the tar is passed over.
func GoogleAuthenticator(source io.Reader) (Batch, error) {
	c := newCollector()
	archive := &tarEnd{source: &bounded{source: source, left: maxFile}}
	files := tar.NewReader(archive)
	seen := make(map[string]int) // name to the file's number
	for number := 1; c.err == nil; number++ {
		file, err := files.Next()
		if errors.Is(err, io.EOF) {
			if archive.zeros < tarBlock {
				return Batch{}, errors.New("the tar breaks off")
			}
			break
		} else if err != nil {
			return Batch{}, fmt.Errorf("reading file %d of the tar: %w", number, err)
		}
		if path.Base(file.Name) != googleFile {
			continue
		}
		place, name := fmt.Sprintf("file %d", number), path.Base(path.Dir(file.Name))
		switch {
		case name == "." || name == ".." || name == "/":
			c.skip(place, "", "the file isn't in a folder named as its user")
		case file.Typeflag != tar.TypeReg:
			c.skip(place, name, "a link or a folder and not a file")
		case file.Size > maxLine:
			c.skip(place, name, fmt.Sprintf("the file has more than %d KiB", maxLine>>10))
		case seen[name] != 0:
			c.skip(place, name, fmt.Sprintf("another file of the same user; file %d counts", seen[name]))
		default:
			seen[name] = number
			text, err := io.ReadAll(files)
			if err != nil {
				return Batch{}, fmt.Errorf("reading file %d of the tar: %w", number, err)
			}
			readGoogle(c, place, name, string(text))
		}
	}
	return c.finish(nil)
}

// tarEnd knows a whole tar by the blocks of zeros at its end: to the reader of
// the library, one that breaks off between two files is whole.
type tarEnd struct {
	source io.Reader
	zeros  int // octets at the end of what was read
}

const tarBlock = 512

func (e *tarEnd) Read(p []byte) (int, error) {
	n, err := e.source.Read(p)
	rest := len(bytes.TrimRight(p[:n], "\x00"))
	if rest > 0 {
		e.zeros = 0
	}
	e.zeros += n - rest
	return n, err
}

// readGoogle reads one file: the secret, option lines that begin with a quote
// and a blank, and scratch codes.
func readGoogle(c *collector, place, name, text string) {
	written, rest, _ := strings.Cut(text, "\n")
	options, codes := googleOptions(rest)
	_, event := options["HOTP_COUNTER"]
	_, timed := options["TOTP_AUTH"]
	_, disabled := options["OTP_DISABLED"]
	d := Device{Place: place, Algorithm: defaultAlgorithm, Digits: defaultDigits, Period: numberOr(options["STEP_SIZE"], defaultPeriod)}
	secret, fault := decodeBase32(written)
	if d.Secret = secret; fault == "" {
		d.LastStep, fault = newestStamp(options["DISALLOW_REUSE"])
	}
	switch {
	case event:
		fault = faultEvent
	case !timed:
		fault = "no TOTP_AUTH: the secret isn't in use"
	case disabled:
		fault = "OTP_DISABLED: the secret isn't in use"
	}
	if fault != "" {
		c.skip(place, name, fault)
		return
	}
	c.device(name, d)
	if skew := options["TIME_SKEW"]; skew != "" && skew != "0" {
		c.skip(place, name, "TIME_SKEW is left out: codes may be refused until the device's clock is set")
	}
	if codes > 0 {
		c.skip(place, name, fmt.Sprintf("%d scratch codes are left out: new recovery codes are made here", codes))
	}
}

// googleOptions reads the options, of which the first of a name counts, and
// counts the scratch codes.
func googleOptions(text string) (options map[string]string, codes int) {
	options = make(map[string]string)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		option, is := strings.CutPrefix(line, `" `)
		if !is {
			if len(line) == 8 && !strings.ContainsFunc(line, notDigit) {
				codes++
			}
			continue
		}
		key, value, _ := strings.Cut(option, " ")
		if _, there := options[key]; !there {
			options[key] = strings.TrimSpace(value)
		}
	}
	return options, codes
}

func notDigit(r rune) bool { return r < '0' || '9' < r }

// newestStamp is the newest of the steps that were used: DISALLOW_REUSE counts
// steps and not seconds.
func newestStamp(stamps string) (newest int64, fault string) {
	for stamp := range strings.FieldsSeq(stamps) {
		step, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil || step < 0 {
			return 0, "DISALLOW_REUSE isn't a list of time stamps"
		}
		newest = max(newest, step)
	}
	return newest, ""
}
