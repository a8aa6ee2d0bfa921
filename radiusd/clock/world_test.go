package clock

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

var errDenied = errors.New("operation not permitted")

// host is a machine whose clocks tests set.
type host struct {
	*testing.T
	*Watch
	log *syncBuffer

	mutex    sync.Mutex
	wall     time.Time
	up       time.Duration
	upErr    error
	heldUp   int           // so many readings take long
	maxError time.Duration // below 0: the sandbox forbids to ask
}

func newHost(t *testing.T, busPath string) *host {
	h := &host{T: t, log: &syncBuffer{}, wall: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), up: time.Hour}
	h.Watch = New(Options{
		Logger: slog.New(slog.NewTextHandler(h.log, nil)), Now: h.readWall, Uptime: h.readUptime, MaxError: h.readMaxError, Bus: busPath,
	})
	h.bus.within = time.Minute // a busy machine is no fault
	return h
}

func (h *host) readWall() time.Time {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.heldUp > 0 {
		h.heldUp--
		h.wall, h.up = h.wall.Add(5*time.Second), h.up+5*time.Second
	}
	return h.wall
}

func (h *host) readUptime() (time.Duration, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.up, h.upErr
}

func (h *host) readMaxError() (time.Duration, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.maxError < 0 {
		return 0, errDenied
	}
	return h.maxError, nil
}

// pass lets time go by, and the wall clock by more or less.
func (h *host) pass(by, more time.Duration) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.up += by
	h.wall = h.wall.Add(by + more)
}

// looks looks so many times, as Run does.
func (h *host) looks(count int) {
	for range count {
		h.look(h.Context())
		h.pass(lookEvery, 0)
	}
}

func (h *host) logged(text string) int { return strings.Count(h.log.String(), text) }

// syncBuffer is a log that is written and read in parallel.
type syncBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}
