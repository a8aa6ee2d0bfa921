package main

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// progress shows on a terminal how far long work is, on one line that goes away.
type progress struct {
	w      io.Writer // nil: there is nobody to show it to
	format string    // with one %s, a number
	shown  bool
}

// progress is for standard error, where it is a terminal and standard output
// doesn't show by itself that the work goes on.
func (t *tool) progress(format string) *progress {
	if !isTerminal(t.stderr) {
		return &progress{}
	}
	return &progress{w: t.stderr, format: format}
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func (p *progress) at(done int64) {
	if p.w != nil {
		fmt.Fprintf(p.w, "\r"+p.format, number(done))
		p.shown = true
	}
}

func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K") // back, and clear the line (ECMA-48, EL)
		p.shown = false
	}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
