package clock

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// Run looks at once, then every 10 s, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var looks atomic.Int32
		begin := time.Now()
		w := New(Options{
			Uptime:   func() (time.Duration, error) { return time.Since(begin), nil },
			MaxError: func() (time.Duration, error) { looks.Add(1); return 0, nil },
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); w.Run(ctx) }()
		synctest.Wait()
		if looks.Load() != 1 || w.State().Sync != Synchronized {
			t.Errorf("%d looks at once, %+v", looks.Load(), w.State())
		}
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if looks.Load() != 7 || w.State().Jumps != 0 {
			t.Errorf("%d looks in a minute, %+v", looks.Load(), w.State())
		}
		cancel()
		<-ended
	})
}

func TestParallel(t *testing.T) {
	t.Parallel()
	h := newHost(t, "")
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() { h.accepted(500, 50, 0, 30) })
		working.Go(func() {
			for range 100 {
				if s := h.State(); s.Samples > codesKept {
					t.Errorf("%d samples", s.Samples)
				}
			}
		})
	}
	for range 50 {
		h.looks(1)
		h.pass(0, time.Minute)
	}
	working.Wait()
	if s := h.State(); s.Jumps != 49 {
		t.Errorf("%d jumps", s.Jumps)
	}
}

// On this host, whatever its state is: the kernel answers, and the clocks run.
func TestRealHost(t *testing.T) {
	t.Parallel()
	w := New(Options{})
	first, err := w.read()
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		next, err := w.read()
		if err != nil {
			t.Fatal(err)
		}
		if next.uptime > first.uptime && next.wall.After(first.wall) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the clocks stand at %v, %v", next.wall, next.uptime)
		}
	}
	var kernel unix.Timex
	if _, err := unix.Adjtimex(&kernel); err != nil {
		t.Skipf("the kernel can't be asked here: %v", err)
	}
	w.look(t.Context())
	want := Synchronized
	if kernel.Maxerror >= 16_000_000 { // microseconds
		want = Unsynchronized
	}
	if s := w.State(); s.Sync != want || s.Source != SourceKernel || s.Jumps != 0 {
		t.Errorf("with an error of %d µs: %+v", kernel.Maxerror, s)
	}
}
