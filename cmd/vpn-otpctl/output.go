package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
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

// line reads one line of standard input, without its end.
func line(in *bufio.Reader) (string, error) {
	text, err := in.ReadString('\n')
	if err != nil && text == "" {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), nil
}
