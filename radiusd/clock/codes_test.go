package clock

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// types has a user type the code of a phone that is ahead by so much, some
// seconds after it was read, at a time within a step.
func (h *host) types(user string, ahead, within time.Duration, period int) {
	now := h.readWall().Truncate(time.Duration(period) * time.Second).Add(within)
	shown := now.Add(ahead - reading)
	h.Witness(user, shown.Unix()/int64(period), period, now)
}

// accepted has so many codes be typed by so many users, evenly within a step.
func (h *host) accepted(count, users int, ahead time.Duration, period int) {
	for i := range count {
		within := time.Duration(i*7%count) * time.Duration(period) * time.Second / time.Duration(count)
		h.types(fmt.Sprint("user", i%users), ahead, within, period)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		ahead   time.Duration
		period  int
		healthy bool
	}{
		{"right", 0, 30, true},
		{"a little ahead", 10 * time.Second, 30, true},
		{"a little behind", -10 * time.Second, 30, true},
		{"ahead", 20 * time.Second, 30, false},
		{"behind", -20 * time.Second, 30, false},
		{"a step ahead", 30 * time.Second, 30, false},
		{"long steps, right", 0, 60, true},
		{"long steps, within half a step", 20 * time.Second, 60, true},
		{"long steps, behind", -40 * time.Second, 60, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, "")
			h.accepted(100, 50, test.ahead, test.period)
			h.looks(2)
			s := h.State()
			if s.Samples != 100 || (s.MedianOffset-test.ahead).Abs() > 2*time.Second {
				t.Errorf("%v by %d codes, want %v", s.MedianOffset, s.Samples, test.ahead)
			}
			warned := h.logged("our clock or most phones are off") == 1
			if s.Healthy != test.healthy || (s.Advice == "") != test.healthy || warned == test.healthy {
				t.Errorf("healthy: %v, advice: %s, logged:\n%s", s.Healthy, s.Advice, h.log)
			}
		})
	}
}

func TestMedianAdvice(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]string{28 * time.Second: "we are behind", -28 * time.Second: "we are ahead"} {
		h := newHost(t, "")
		h.accepted(40, 20, ahead, 30)
		advice := h.State().Advice
		if !strings.Contains(advice, want) || !strings.Contains(advice, "off by about 2") || !strings.Contains(advice, "40 accepted codes") {
			t.Errorf("phones ahead by %v: %s", ahead, advice)
		}
	}
}

// Few codes, or codes of few users, say nothing.
func TestMedianNeedsMany(t *testing.T) {
	t.Parallel()
	tests := []struct {
		codes, users, samples int
		counts                bool
	}{
		{0, 1, 0, false},
		{19, 19, 19, false},
		{20, 20, 20, true},
		{200, 1, 5, false},
		{200, 3, 15, false},
		{200, 4, 20, true},
		{500, 100, 200, true},
	}
	for _, test := range tests {
		h := newHost(t, "")
		h.accepted(test.codes, test.users, 30*time.Second, 30)
		if s := h.State(); s.Samples != test.samples || (s.MedianOffset != 0) != test.counts || s.Healthy == test.counts {
			t.Errorf("%d codes of %d users: %+v", test.codes, test.users, s)
		}
	}
}

// One user with a wrong phone, however busy, doesn't outvote the others.
func TestMedianOfOneBusyUser(t *testing.T) {
	t.Parallel()
	h := newHost(t, "")
	h.accepted(40, 20, 0, 30)
	for range 150 {
		h.types("busy", 30*time.Second, 0, 30)
	}
	if s := h.State(); s.Samples != 45 || !s.Healthy || s.MedianOffset.Abs() > 5*time.Second {
		t.Errorf("got %+v", s)
	}
}

func TestMedianForgets(t *testing.T) {
	t.Parallel()
	t.Run("the oldest", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, "")
		h.accepted(codesKept, 50, 30*time.Second, 30)
		h.accepted(codesKept, 50, 0, 30)
		if s := h.State(); s.Samples != codesKept || s.MedianOffset.Abs() > 2*time.Second {
			t.Errorf("got %+v", s)
		}
	})
	t.Run("the oldest of each user", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, "")
		h.accepted(40, 4, 30*time.Second, 30)
		h.accepted(20, 4, 0, 30)
		if s := h.State(); s.Samples != 20 || s.MedianOffset.Abs() > 2*time.Second {
			t.Errorf("got %+v", s)
		}
	})
	t.Run("by age", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, "")
		h.accepted(100, 50, 30*time.Second, 30)
		h.pass(codesFor-time.Minute, 0)
		if s := h.State(); s.Samples != 100 || s.Healthy {
			t.Errorf("within a day: %+v", s)
		}
		h.pass(2*time.Minute, 0)
		if s := h.State(); s.Samples != 0 || !s.Healthy {
			t.Errorf("after a day: %+v", s)
		}
	})
	t.Run("at a jump", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, "")
		h.looks(1)
		h.accepted(100, 50, 30*time.Second, 30)
		h.looks(1)
		h.pass(0, 30*time.Second)
		h.looks(1)
		if s := h.State(); s.Samples != 0 || s.Jumps != 1 || h.logged("agree again") != 0 {
			t.Errorf("after a jump: %+v, logged:\n%s", s, h.log)
		}
		h.accepted(100, 50, 0, 30)
		h.looks(1)
		if h.logged("phones are off") != 1 || h.logged("phones agree again") != 1 {
			t.Errorf("logged:\n%s", h.log)
		}
	})
}

// Where nobody else says anything, enough codes are a witness.
func TestMedianAlone(t *testing.T) {
	t.Parallel()
	h := newHost(t, startBus(t, saysError).path)
	h.maxError = -1
	h.looks(1)
	if s := h.State(); s.Sync != Unknown || !s.Healthy || s.Advice == "" {
		t.Errorf("without codes: %+v", s)
	}
	h.accepted(40, 20, 0, 30)
	if s := h.State(); s.Sync != Unknown || !s.Healthy || s.Advice != "" {
		t.Errorf("with codes that are right: %+v", s)
	}
}

// What can't be is not taken in.
func TestWitnessBounds(t *testing.T) {
	t.Parallel()
	h := newHost(t, "")
	now := h.readWall()
	step := now.Unix() / 30
	for i, wrong := range []struct {
		step   int64
		period int
	}{
		{step, 0}, {step, -30}, {step, math.MinInt}, {step, math.MaxInt}, {step + farthest + 1, 30}, {step - farthest - 1, 30},
		{math.MinInt64, 30}, {math.MaxInt64, 30}, {-1, 30}, {0, 30}, {-step, -30},
	} {
		h.Witness(fmt.Sprint("user", i), wrong.step, wrong.period, now)
		if s := h.State(); s.Samples != 0 {
			t.Fatalf("step %d of %d s was taken in", wrong.step, wrong.period)
		}
	}
	h.Witness(strings.Repeat("long", 1<<16), step, 30, now)
	h.Witness("", step+farthest, 30, now)
	h.Witness("", step-farthest, 30, now)
	if s := h.State(); s.Samples != 3 {
		t.Errorf("%d codes were taken in", s.Samples)
	}
}

func TestWitnessCostsTheSame(t *testing.T) {
	h := newHost(t, "")
	h.accepted(1000, 100, 0, 30)
	now := h.readWall()
	if allocations := testing.AllocsPerRun(100, func() { h.Witness("alice", now.Unix()/30, 30, now) }); allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func BenchmarkWitness(b *testing.B) {
	w := New(Options{})
	now := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w.Witness("alice", now.Unix()/30, 30, now)
		}
	})
}

func BenchmarkState(b *testing.B) {
	w := New(Options{})
	now := time.Now()
	for i := range codesKept {
		w.Witness(fmt.Sprint("user", i), now.Unix()/30, 30, now)
	}
	for b.Loop() {
		w.State()
	}
}
