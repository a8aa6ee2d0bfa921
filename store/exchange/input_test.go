package exchange

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// endless is a source whose n-th piece is made when it is read.
type endless struct {
	piece func(n int) string
	n     int
	rest  string
}

func (e *endless) Read(p []byte) (int, error) {
	for e.rest == "" {
		e.rest = e.piece(e.n)
		e.n++
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// Every text ends by itself, however long its source goes on, and with nothing
// in the batch.
func TestBounds(t *testing.T) {
	t.Parallel()
	comment := "#" + strings.Repeat("x", maxLine-2) + "\n"
	tests := map[string]struct {
		read  func(io.Reader) (Batch, error)
		piece func(n int) string
		want  error
	}{
		"octets": {OATH, func(int) string { return comment }, errFileSize},
		"octets of CSV": {CSV, func(n int) string {
			if n == 0 {
				return "user,secret\n"
			}
			return strings.Repeat("\n", maxLine)
		}, errRecord},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batch, err := test.read(&endless{piece: test.piece})
			if !errors.Is(err, test.want) || batch.Accounts != nil || batch.Skipped != nil {
				t.Errorf("%d users, %v, want %v", len(batch.Accounts), err, test.want)
			}
		})
	}
}

func TestMostSkipped(t *testing.T) {
	t.Parallel()
	c := newCollector()
	c.skips = 3
	err := eachLine(&endless{piece: func(int) string { return "x\n" }}, c, func(place, line string) { c.skip(place, line, "for a reason") })
	if batch, err := c.finish(err); !errors.Is(err, errSkipped) || batch.Skipped != nil {
		t.Errorf("%+v, %v", batch, err)
	}
}

func TestMostUsers(t *testing.T) {
	t.Parallel()
	row := func(n int) string {
		if n == 0 {
			return "username,attribute,op,value\n"
		}
		return fmt.Sprintf("user%d,Cleartext-Password,:=,x\n", n)
	}
	c := newCollector()
	c.users = 3
	if batch, err := c.finish(readRadcheck(&endless{piece: row}, c)); !errors.Is(err, errAccounts) || batch.Accounts != nil {
		t.Errorf("%+v, %v", batch, err)
	}
	c = newCollector()
	c.users = 3
	err := eachLine(&endless{piece: row}, c, func(place, line string) { c.account(place, line) })
	if batch, err := c.finish(err); !errors.Is(err, errAccounts) || batch.Accounts != nil {
		t.Errorf("%+v, %v", batch, err)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	var read []string
	text := "\ufeffone\r\n\n \t\r\n  two \nlast"
	if err := eachLine(strings.NewReader(text), newCollector(), func(place, line string) { read = append(read, place+"="+line) }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(read, "|"); got != "line 1=one|line 4=  two |line 5=last" {
		t.Error(got)
	}
	long := "one\n" + strings.Repeat("x", maxLine) + "\n"
	if err := eachLine(strings.NewReader(long), newCollector(), func(string, string) {}); err == nil || err.Error() != "line 2 has more than 64 KiB" {
		t.Errorf("%v", err)
	}
	broken := io.MultiReader(strings.NewReader("one\n"), &failing{})
	if err := eachLine(broken, newCollector(), func(string, string) {}); !errors.Is(err, errFailing) {
		t.Errorf("%v", err)
	}
}

var errFailing = errors.New("the line is cut")

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errFailing }

// A source that breaks off in the middle is nothing that may be imported.
func TestBrokenSource(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		read func(io.Reader) (Batch, error)
		text string
	}{
		"CSV":        {CSV, "user,secret\nalice," + secretA + "\n"},
		"URIs":       {URIs, "otpauth://totp/alice?secret=" + secretA + "\n"},
		"OATH":       {OATH, "HOTP/T30 alice - 3132333435363738393031323334353637383930\n"},
		"FreeRADIUS": {FreeRADIUS, "alice TOTP-Secret := " + secretA + "\n"},
		"Radcheck":   {Radcheck, "username,attribute,op,value\nalice,TOTP-Secret,:=," + secretA + "\n"},
		"Google":     {GoogleAuthenticator, googleTar(t, map[string]string{"home/alice/.google_authenticator": secretA + "\n\" TOTP_AUTH\n"})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if batch, err := test.read(strings.NewReader(test.text)); err != nil || len(batch.Accounts) != 1 {
				t.Fatalf("%+v, %v", batch, err)
			}
			text := strings.TrimRight(test.text, "\x00") // a tar ends in zeros
			batch, err := test.read(io.MultiReader(strings.NewReader(text), &failing{}))
			if !errors.Is(err, errFailing) || batch.Accounts != nil {
				t.Errorf("%+v, %v", batch, err)
			}
		})
	}
}
