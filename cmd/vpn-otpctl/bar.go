package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// bar shows on a terminal how far long work is, and of how much.
type bar struct {
	w     io.Writer // nil: there is nobody to show it to
	shown time.Time
}

const (
	barWidth = 30
	barEvery = 100 * time.Millisecond
)

// bar is for standard error, where it is a terminal.
func (t *tool) bar() *bar {
	if !isTerminal(t.stderr) {
		return &bar{}
	}
	return &bar{w: t.stderr}
}

// at shows what is done; a total of 0 isn't known.
func (b *bar) at(doing string, done, total int64) {
	if b.w == nil || time.Since(b.shown) < barEvery && done != total {
		return
	}
	b.shown = time.Now()
	if total <= 0 {
		fmt.Fprintf(b.w, "\r\x1b[K%s %s", doing, number(done))
		return
	}
	full := int(min(done, total) * barWidth / total)
	fmt.Fprintf(b.w, "\r\x1b[K%-9s [%s%s] %3d %%", doing, strings.Repeat("#", full), strings.Repeat(" ", barWidth-full), min(done, total)*100/total)
}

func (b *bar) end() {
	if !b.shown.IsZero() {
		fmt.Fprint(b.w, "\r\x1b[K") // back, and clear the line (ECMA-48, EL)
	}
}

// reading shows how much of a source was sent.
func (b *bar) reading(source io.Reader, size int64) io.Reader {
	return &barReader{bar: b, source: source, size: size}
}

type barReader struct {
	bar        *bar
	source     io.Reader
	done, size int64
}

func (r *barReader) Read(octets []byte) (int, error) {
	n, err := r.source.Read(octets)
	r.done += int64(n)
	r.bar.at("sending", r.done, r.size)
	return n, err
}
