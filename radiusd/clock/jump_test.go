package clock

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestJump(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		by    time.Duration // the time between two looks
		more  time.Duration // what the wall clock went on top of it
		jumps uint64
	}{
		{"nothing", lookEvery, 0, 0},
		{"a night of sleep", 8 * time.Hour, 0, 0},
		{"slewed", lookEvery, time.Second, 0},
		{"within tolerance", lookEvery, 2 * time.Second, 0},
		{"within tolerance, back", lookEvery, -2 * time.Second, 0},
		{"beyond", lookEvery, 2*time.Second + 1, 1},
		{"beyond, back", lookEvery, -2*time.Second - 1, 1},
		{"back by an hour", lookEvery, -time.Hour, 1},
		{"from 1970", lookEvery, 56 * 365 * 24 * time.Hour, 1},
		{"to 1970", lookEvery, -56 * 365 * 24 * time.Hour, 1},
		{"while asleep", 8 * time.Hour, time.Hour, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, "")
			h.look(t.Context())
			h.pass(test.by, test.more)
			h.looks(3)
			s := h.State()
			if s.Jumps != test.jumps || h.logged("the clock jumped") != int(test.jumps) {
				t.Fatalf("%d jumps, logged:\n%s", s.Jumps, h.log)
			}
			if s.Healthy != (test.jumps == 0) {
				t.Errorf("healthy: %v", s.Healthy)
			}
			if test.jumps > 0 && s.JumpSize != test.more {
				t.Errorf("it jumped by %v, want %v", s.JumpSize, test.more)
			}
		})
	}
}

func TestJumpIsTold(t *testing.T) {
	t.Parallel()
	h := newHost(t, "")
	h.looks(1) // 12:00:00, then 10 s pass
	h.pass(0, -time.Hour)
	h.look(t.Context())
	if !strings.Contains(h.log.String(), `from=2026-03-01T12:00:10Z to=2026-03-01T11:00:10Z by=-1h0m0s`) {
		t.Errorf("logged:\n%s", h.log)
	}
	s := h.State()
	if !s.LastJump.Equal(time.Date(2026, 3, 1, 11, 0, 10, 0, time.UTC)) {
		t.Errorf("it jumped at %v", s.LastJump)
	}
	if !strings.Contains(s.Advice, "set back by 1h0m0s to 2026-03-01T11:00:10Z") || !strings.Contains(s.Advice, "no code until") {
		t.Errorf("advice: %s", s.Advice)
	}

	h.pass(lookEvery, 90*time.Minute)
	h.look(t.Context())
	if s = h.State(); s.Jumps != 2 || s.JumpSize != 90*time.Minute || !strings.Contains(s.Advice, "set forward by 1h30m0s") {
		t.Errorf("after a second jump: %+v", s)
	}
	h.pass(worryFor-1, 0)
	if h.State().Healthy {
		t.Error("healthy within the hour")
	}
	h.pass(1, 0)
	if s = h.State(); !s.Healthy || s.Advice != "" || s.Jumps != 2 || s.JumpSize != 90*time.Minute {
		t.Errorf("an hour later: %+v", s)
	}
}

// A process that is held up between its readings of the two clocks sees no jump.
func TestJumpNeedsSteadyReading(t *testing.T) {
	t.Parallel()
	for _, heldUp := range []int{1, readTries - 1, readTries, 2 * readTries} {
		h := newHost(t, "")
		h.looks(2)
		h.heldUp = heldUp
		h.looks(4)
		if s := h.State(); s.Jumps != 0 || h.logged("can't be seen") != 0 {
			t.Errorf("held up %d times: %+v, logged:\n%s", heldUp, s, h.log)
		}
		h.pass(0, time.Minute)
		h.looks(1)
		if s := h.State(); s.Jumps != 1 || s.JumpSize != time.Minute {
			t.Errorf("held up %d times before a jump: %+v", heldUp, s)
		}
	}
}

func TestJumpWithoutUptime(t *testing.T) {
	t.Parallel()
	h := newHost(t, "")
	h.upErr = errors.New("no such clock")
	h.looks(3)
	if s := h.State(); s.Jumps != 0 || h.logged("jumps of the clock can't be seen") != 1 {
		t.Errorf("%+v, logged:\n%s", s, h.log)
	}
	h.looks(1)
	h.upErr = nil
	h.looks(2)
	h.pass(0, time.Minute)
	h.looks(1)
	if s := h.State(); s.Jumps != 1 {
		t.Errorf("%d jumps", s.Jumps)
	}
}

// Go's own monotonic reading must not hide a jump of the wall clock.
func TestJumpIsOfTheWallClock(t *testing.T) {
	t.Parallel()
	w := New(Options{})
	now, err := w.read()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(now.wall.String(), "m=") {
		t.Errorf("%v carries a monotonic reading", now.wall)
	}
}
