package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"vpn-otpd/radiusd/admin"
)

// openTerminal makes a pseudoterminal (pty(7)): what a test types on person is
// read from tty.
func openTerminal(t *testing.T) (person, tty *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudoterminals here: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetUint32(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return person, tty
}

// typist is standard error of a run, where the questions are: it answers each
// one as it comes.
type typist struct {
	mu      sync.Mutex
	text    bytes.Buffer
	person  *os.File
	answers []string
	asked   func()
}

func (p *typist) Write(octets []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(octets)
	if text := string(octets); strings.HasSuffix(text, ": ") || strings.HasSuffix(text, "[y/N] ") {
		if p.asked != nil {
			p.asked()
		}
		if len(p.answers) > 0 {
			// ReadPassword flushes nothing, so that it may come before its turn.
			_, _ = p.person.WriteString(p.answers[0] + "\n")
			p.answers = p.answers[1:]
		}
	}
	return len(octets), nil
}

func TestAskedOnATerminal(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"reset alice", "device remove alice phone", "user delete alice", "recovery alice"} {
		for answer, want := range map[string]int{"n": statusRefused, "": statusRefused, "nyes": statusRefused, "y": statusDone, "YES": statusDone} {
			person, tty := openTerminal(t)
			d := startDaemon(t, map[string]any{"GET /v1/users/alice": alice, "POST /v1/users/alice/recovery": admin.RecoveryCodes{}})
			stderr := &typist{person: person, answers: []string{answer}}
			var stdout bytes.Buffer
			status := run(t.Context(), append([]string{"--socket", d.socket}, strings.Fields(line)...), tty, &stdout, stderr)
			done := strings.Contains(d.requests(), "DELETE ") || strings.Contains(d.requests(), "POST ")
			if status != want || done != (want == statusDone) || !strings.Contains(stderr.text.String(), "Go ahead?") || !strings.Contains(stderr.text.String(), "alice") {
				t.Errorf("%s, answered %q: status %d, done %v: %s", line, answer, status, done, stderr.text.String())
			}
		}
	}
}

func TestNotAsked(t *testing.T) {
	t.Parallel()
	_, tty := openTerminal(t)
	d := startDaemon(t, map[string]any{"GET /v1/users/bob": admin.User{Name: "bob"}, "POST /v1/users/bob/recovery": admin.RecoveryCodes{}})
	for _, line := range []string{"reset alice --yes", "-y user delete alice", "recovery bob", "unlock alice"} {
		if got := d.run(t, tty, strings.Fields(line)...); got.status != statusDone || got.stderr != "" {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestPasswordAskedTwice(t *testing.T) {
	t.Parallel()
	for again, want := range map[string]int{"secret word": statusDone, "other": statusUsage} {
		person, tty := openTerminal(t)
		d := startDaemon(t, nil)
		stderr := &typist{person: person, answers: []string{"secret word", again}}
		status := run(t.Context(), []string{"--socket", d.socket, "user", "password", "alice"}, tty, &bytes.Buffer{}, stderr)
		if status != want || strings.Contains(d.requests(), "secret word") != (want == statusDone) {
			t.Errorf("again %q: status %d, asked %q, %s", again, status, d.requests(), stderr.text.String())
		}
		if strings.Contains(stderr.text.String(), "secret word") {
			t.Error("the password is shown")
		}
	}
}

// ^C at a question ends the program, and the terminal shows again what is typed.
func TestInterruptedQuestion(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"user password alice", "reset alice"} {
		person, tty := openTerminal(t)
		before, err := term.GetState(int(tty.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		d := startDaemon(t, nil)
		ctx, interrupt := context.WithCancel(t.Context())
		stderr := &typist{person: person, asked: func() { time.AfterFunc(20*time.Millisecond, interrupt) }}
		ended := make(chan int, 1)
		go func() {
			ended <- run(ctx, append([]string{"--socket", d.socket}, strings.Fields(line)...), tty, &bytes.Buffer{}, stderr)
		}()
		select {
		case status := <-ended:
			if status != statusRefused || d.requests() != "" {
				t.Errorf("%s: status %d, asked %q", line, status, d.requests())
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: goes on", line)
		}
		after, err := term.GetState(int(tty.Fd()))
		if err != nil || *after != *before {
			t.Errorf("%s: the terminal is left changed: %v", line, err)
		}
		_, _ = person.WriteString("\n") // frees the reader
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	if got := printable("Größe\x1b[2J\u009b1m\u202e\nCode: "); got != "Größe?[2J?1m?\nCode: " {
		t.Errorf("%q", got)
	}
}
