package clock

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSync(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		maxError time.Duration // of the kernel; below 0: denied
		bus      answer
		sync     Sync
		source   Source
		healthy  bool
	}{
		{"kernel", 15_999_999 * time.Microsecond, saysNo, Synchronized, SourceKernel, true},
		{"kernel, not", 16 * time.Second, saysYes, Unsynchronized, SourceKernel, false},
		{"bus", -1, saysYes, Synchronized, SourceTimedate, true},
		{"bus, not", -1, saysNo, Unsynchronized, SourceTimedate, false},
		{"bus without timedate1", -1, saysError, Unknown, SourceNone, true},
		{"bus with a text", -1, saysText, Unknown, SourceNone, true},
		{"bus that closes", -1, closes, Unknown, SourceNone, true},
		{"bus that refuses", -1, refuses, Unknown, SourceNone, true},
		{"bus that talks without end", -1, floods, Unknown, SourceNone, true},
		{"bus that sends no message", -1, garbles, Unknown, SourceNone, true},
		{"bus silent at once", -1, silentAtOnce, Unknown, SourceNone, true},
		{"bus silent later", -1, silentLater, Unknown, SourceNone, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := startBus(t, test.bus)
			h := newHost(t, b.path)
			h.maxError = test.maxError
			waits := test.bus == silentAtOnce || test.bus == silentLater || test.bus == garbles
			if waits {
				h.bus.within = New(Options{}).bus.within
			}
			begin := time.Now()
			h.look(t.Context())
			if took := time.Since(begin); took > 20*time.Second || waits && took < askWithin {
				t.Errorf("it took %v", took)
			}
			s := h.State()
			if s.Sync != test.sync || s.Source != test.source || s.Healthy != test.healthy {
				t.Errorf("got %+v, logged:\n%s", s, h.log)
			}
			if (s.Advice == "") != (test.sync == Synchronized) {
				t.Errorf("advice: %s", s.Advice)
			}
			if asked := b.asked.Load() > 0; asked != (test.maxError < 0) {
				t.Errorf("the bus was asked: %v", asked)
			}
		})
	}
}

func TestSyncWithoutBus(t *testing.T) {
	t.Parallel()
	h := newHost(t, filepath.Join(t.TempDir(), "none"))
	h.maxError = -1
	if s := h.State(); s.Sync != Unknown {
		t.Errorf("before the first look: %+v", s)
	}
	h.looks(5)
	if s := h.State(); s.Sync != Unknown || !s.Healthy || !strings.Contains(s.Advice, "Nobody says") {
		t.Errorf("got %+v", s)
	}
	if h.logged("nobody says") != 1 || h.logged("operation not permitted") != 1 || h.logged("no such file") != 1 {
		t.Errorf("logged:\n%s", h.log)
	}
}

// Each change is logged, once.
func TestSyncChanges(t *testing.T) {
	t.Parallel()
	h := newHost(t, startBus(t, saysYes).path)
	for _, maxError := range []time.Duration{0, 0, outOfSync, outOfSync, time.Millisecond, -1, -1, 0} {
		h.maxError = maxError
		h.looks(1)
	}
	for text, want := range map[string]int{
		"is synchronized\" source=kernel":    3,
		"isn't synchronized\" source=kernel": 1,
		"is synchronized\" source=timedate1": 1,
	} {
		if got := h.logged(text); got != want {
			t.Errorf("%q was logged %d times, want %d:\n%s", text, got, want, h.log)
		}
	}
}

// The bus is asked rarely, for it starts a service each time; but soon after a
// failure, and at once after a jump.
func TestBusIsAskedRarely(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		bus   answer
		looks int
		asked int32
	}{
		{"synchronized", saysYes, looksSynchronized, 1},
		{"synchronized, half an hour later", saysYes, looksSynchronized + 1, 2},
		{"unsynchronized", saysNo, looksUnsynchronized, 1},
		{"unsynchronized, 5 minutes later", saysNo, looksUnsynchronized + 1, 2},
		{"failed", saysError, 1 + 1 + 2 + 4 + 8 + 16 + 30 + 30, 8}, // at looks 1, 2, 4, 8, 16, 32, 62, 92
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := startBus(t, test.bus)
			h := newHost(t, b.path)
			h.maxError = -1
			h.looks(test.looks)
			if got := b.asked.Load(); got != test.asked {
				t.Errorf("asked %d times, want %d", got, test.asked)
			}
			h.pass(0, time.Minute)
			h.looks(1)
			if got := b.asked.Load(); got != test.asked+1 {
				t.Errorf("asked %d times after a jump, want %d", got, test.asked+1)
			}
		})
	}
}

// No connection to the bus is left open.
func TestBusIsLeft(t *testing.T) {
	t.Parallel()
	for _, a := range []answer{saysYes, saysError, saysText} {
		b := startBus(t, a)
		h := newHost(t, b.path)
		h.maxError = -1
		h.look(t.Context())
		for deadline := time.Now().Add(10 * time.Second); b.open.Load() > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the connection is still open")
			}
		}
	}
}

// A look that is cut off at the end of the daemon changes nothing.
func TestSyncCutOff(t *testing.T) {
	t.Parallel()
	b := startBus(t, saysYes)
	h := newHost(t, b.path)
	h.maxError = -1
	h.looks(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.pass(0, time.Minute) // or it would not ask
	h.look(ctx)
	if s := h.State(); s.Sync != Synchronized || h.logged("nobody says") != 0 {
		t.Errorf("got %+v, logged:\n%s", s, h.log)
	}
}
