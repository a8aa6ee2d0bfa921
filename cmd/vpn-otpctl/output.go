package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"
)

// say prints a line for people; with --json nothing, for done is the status.
func (t *tool) say(format string, arguments ...any) error {
	if t.json {
		return nil
	}
	_, err := fmt.Fprintf(t.stdout, format+"\n", arguments...)
	return err
}

// print prints a value as JSON, or for people by the function.
func (t *tool) print(value any, people func(io.Writer)) error {
	if t.json {
		encoder := json.NewEncoder(t.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(value)
	}
	table := tabwriter.NewWriter(t.stdout, 0, 8, 2, ' ', 0)
	people(table)
	return table.Flush()
}

// when is a time as people read it.
func when(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Local().Format("2006-01-02 15:04")
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

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
func (t *tool) confirm(format string, arguments ...any) error {
	if _, ok := t.terminal(); !ok || t.yes {
		return nil
	}
	fmt.Fprintf(t.stderr, format+" Go ahead? [y/N] ", arguments...)
	answer, err := bufio.NewReader(t.stdin).ReadString('\n')
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return fmt.Errorf("nothing was done")
	}
	return nil
}

// line reads one line of standard input, without its end.
func line(in *bufio.Reader) (string, error) {
	text, err := in.ReadString('\n')
	if err != nil && text == "" {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), nil
}

// secretly asks on the terminal without showing what is typed.
func (t *tool) secretly(prompt string) (string, error) {
	descriptor, ok := t.terminal()
	if !ok {
		return "", usage("standard input is no terminal to ask at; see the command's help for what it can read instead")
	}
	fmt.Fprint(t.stderr, prompt)
	typed, err := term.ReadPassword(descriptor)
	fmt.Fprintln(t.stderr)
	return string(typed), err
}
