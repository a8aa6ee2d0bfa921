package exchange

import (
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a device.
const (
	minSecret, maxSecret = 10, 80 // octets: 16 to 128 letters of Base32
	minDigits, maxDigits = 6, 8
	minPeriod, maxPeriod = 15, 300 // seconds
	maxLabel             = 64      // octets
)

// What a source that doesn't say means (RFC 6238 and every authenticator app).
const (
	defaultAlgorithm = "SHA1"
	defaultDigits    = 6
	defaultPeriod    = 30
)

const (
	faultAlgorithm = "the algorithm is none of SHA1, SHA256 and SHA512"
	faultEvent     = "counts events (HOTP) and not time"
	faultTwice     = "a parameter is given twice"
)

var (
	faultDigits  = fmt.Sprintf("the digits of a code aren't %d to %d", minDigits, maxDigits)
	faultPeriod  = fmt.Sprintf("the period isn't %d to %d seconds", minPeriod, maxPeriod)
	faultSecret  = fmt.Sprintf("the secret hasn't %d to %d octets (%d to %d letters)", minSecret, maxSecret, minSecret*8/5, maxSecret*8/5)
	faultLabel   = fmt.Sprintf("the label isn't printable text of at most %d octets", maxLabel)
	faultLetters = "the secret isn't Base32 (letters A to Z and digits 2 to 7)"
	faultHex     = "the secret isn't written in hexadecimal"
)

// fault says why a device can't be taken over; "" if it can.
func (d Device) fault() string {
	switch {
	case len(d.Secret) < minSecret || len(d.Secret) > maxSecret:
		return faultSecret
	case d.Algorithm != "SHA1" && d.Algorithm != "SHA256" && d.Algorithm != "SHA512":
		return faultAlgorithm
	case d.Digits < minDigits || d.Digits > maxDigits:
		return faultDigits
	case d.Period < minPeriod || d.Period > maxPeriod:
		return faultPeriod
	case len(d.Label) > maxLabel || d.Label != strings.TrimSpace(d.Label) ||
		!utf8.ValidString(d.Label) || strings.ContainsFunc(d.Label, func(r rune) bool { return !unicode.IsPrint(r) }):
		return faultLabel
	}
	return ""
}

var (
	letters  = base32.StdEncoding.WithPadding(base32.NoPadding)
	grouping = strings.NewReplacer(" ", "", "-", "")
)

// decodeBase32 reads a secret in either case, in groups or not, padded or not.
// The digits 0, 1, 8 and 9 are refused: which letter was meant is a guess.
func decodeBase32(written string) (secret []byte, fault string) {
	if len(written) > 4*maxSecret { // groups of one letter and padding are within
		return nil, faultSecret
	}
	text := strings.TrimRight(strings.ToUpper(grouping.Replace(strings.TrimSpace(written))), "=")
	if strings.ContainsFunc(text, func(r rune) bool { return (r < 'A' || 'Z' < r) && (r < '2' || '7' < r) }) {
		return nil, faultLetters
	}
	secret, err := letters.DecodeString(text)
	if err != nil || letters.EncodedLen(len(secret)) != len(text) {
		return nil, "the secret is cut off: no Base32 has so many letters"
	}
	if len(secret) < minSecret || len(secret) > maxSecret {
		return nil, faultSecret
	}
	return secret, ""
}

// algorithmNamed is the name as we write it; of an unknown one, "".
func algorithmNamed(written string) string {
	switch name := strings.ToUpper(strings.ReplaceAll(written, "-", "")); name {
	case "":
		return defaultAlgorithm
	case "SHA1", "SHA256", "SHA512":
		return name
	}
	return ""
}

// numberOr reads a small number, or takes the fallback where nothing is
// written. What isn't one is 0, which no bound holds.
func numberOr(written string, fallback int) int {
	if written == "" {
		return fallback
	}
	number, err := strconv.ParseUint(written, 10, 16)
	if err != nil {
		return 0
	}
	return int(number)
}
