package admin

import (
	"encoding/json"
	"net/http"
	"time"
)

// lineWriter writes JSON lines, each in its own time.
type lineWriter struct {
	writer   http.ResponseWriter
	transfer *transfer
	written  time.Time
}

// newLines begins an answer that comes line by line.
func newLines(w http.ResponseWriter, t *transfer) *lineWriter {
	w.Header().Set("Content-Type", "application/jsonl")
	return &lineWriter{writer: w, transfer: t}
}

// write writes a line that leaves at once. Where that fails, the peer has hung
// up, and the request's context ends too.
func (l *lineWriter) write(line any) error {
	if err := l.add(line); err != nil {
		return err
	}
	return l.transfer.control.Flush()
}

// add writes one of many lines, which leaves with those that follow.
func (l *lineWriter) add(line any) error {
	octets, err := json.Marshal(line)
	if err != nil {
		return err
	}
	l.written = time.Now()
	_, err = l.transfer.writer(l.writer).Write(append(octets, '\n'))
	return err
}
