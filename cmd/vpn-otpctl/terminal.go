package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

var errNothingDone = errors.New("nothing was done")

// terminal returns the terminal that a person types at; ok is false where
// standard input is something else.
func (t *tool) terminal() (descriptor int, ok bool) {
	file, isFile := t.stdin.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	return int(file.Fd()), true
}

// confirm asks before something is removed, where there is somebody to ask.
func (t *tool) confirm(ctx context.Context, format string, arguments ...any) error {
	descriptor, ok := t.terminal()
	if !ok || t.yes {
		return nil
	}
	fmt.Fprintf(t.stderr, format+" Go ahead? [y/N] ", arguments...)
	answer, err := typed(ctx, descriptor, func() (string, error) { return line(bufio.NewReader(t.stdin)) })
	if err != nil {
		return fmt.Errorf("%w: no answer: %w", errNothingDone, err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errNothingDone
	}
	return nil
}

// secretly asks on the terminal without showing what is typed.
func (t *tool) secretly(ctx context.Context, prompt string) (string, error) {
	descriptor, ok := t.terminal()
	if !ok {
		return "", usage("standard input is no terminal to ask at; see the command's help for what it can read instead")
	}
	fmt.Fprint(t.stderr, prompt)
	answer, err := typed(ctx, descriptor, func() (string, error) {
		octets, err := term.ReadPassword(descriptor)
		return string(octets), err
	})
	fmt.Fprintln(t.stderr)
	return answer, err
}

// typed waits for what somebody types, and for ^C, which would else be heard
// only after the next Enter. The terminal is left as it was found.
func typed(ctx context.Context, descriptor int, read func() (string, error)) (string, error) {
	before, err := term.GetState(descriptor)
	if err != nil {
		return "", fmt.Errorf("state of the terminal: %w", err)
	}
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done(): // the reader waits on; the program ends
		return "", errors.Join(ctx.Err(), term.Restore(descriptor, before))
	}
}

// printable is a server's text as a terminal may show it: nothing in it moves
// the cursor or turns the writing around.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
