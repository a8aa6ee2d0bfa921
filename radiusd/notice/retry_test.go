package notice

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vpn-otpd/store"
)

func TestNextTry(t *testing.T) {
	t.Parallel()
	const never = -1
	for _, test := range []struct {
		name   string
		tries  int
		age    time.Duration
		chance float64
		want   time.Duration
	}{
		{"first", 1, 0, 0.5, time.Minute},
		{"first, earliest", 1, 0, 0, 54 * time.Second},
		{"first, latest", 1, 0, 0.9999999999999999, 66 * time.Second},
		{"second", 2, time.Minute, 0.5, 2 * time.Minute},
		{"third", 3, 3 * time.Minute, 0.5, 4 * time.Minute},
		{"ninth", 9, 255 * time.Minute, 0.5, 256 * time.Minute},
		{"longest", 10, 9 * time.Hour, 0.5, 6 * time.Hour},
		{"longest, still", 16, 40 * time.Hour, 0.5, 6 * time.Hour},
		{"longest, latest", 16, 40 * time.Hour, 0.9999999999999999, 6*time.Hour + 36*time.Minute},
		{"no overflow", 1000, time.Hour, 0.5, 6 * time.Hour},
		{"no count", 0, 0, 0.5, time.Minute},
		{"shortened to the last", 16, 70 * time.Hour, 0.5, time.Hour + 50*time.Minute},
		{"just before the last", 16, 72*time.Hour - 10*time.Minute - time.Second, 0.5, time.Second},
		{"after the last", 16, 72*time.Hour - 10*time.Minute, 0.5, never},
		{"after its time", 16, 72 * time.Hour, 0.5, never},
		{"a node's clock is behind", 1, -time.Hour, 0.5, time.Minute},
	} {
		s := &Sender{now: func() time.Time { return noon }, chance: func() float64 { return test.chance }}
		next, again := s.nextTry(store.Notice{At: noon.Add(-test.age), Tries: test.tries})
		switch {
		case !again && test.want != never:
			t.Errorf("%s: never, want after %s", test.name, test.want)
		case again && (next.Sub(noon)-test.want).Abs() > time.Microsecond:
			t.Errorf("%s: after %s, want %s", test.name, next.Sub(noon), test.want)
		}
	}
}

// A notice that nobody takes is tried for 72 hours, and then given up before
// pruning would take it without a word.
func TestTriedFor72Hours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(store.Notice{Channel: ChannelMail, User: "alice", Event: "reset"})
	s := w.sender(w.store, map[string]carrier{ChannelMail: carry(func(context.Context, store.Notice) error {
		return errors.New("no route to host")
	})})
	var tries int
	for {
		notices, err := w.store.ClaimNotices(t.Context(), lease, 10)
		if err != nil || len(notices) != 1 {
			t.Fatalf("after %d tries %d notices are due, %v", tries, len(notices), err)
		}
		tries++
		s.try(t.Context(), s.channels[ChannelMail], notices[0])
		due := w.due()
		if len(due) == 0 {
			break
		}
		w.clock.Add(due[0].Sub(w.clock.Now()))
		if err := w.store.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if age := w.clock.Now().Sub(noon); age != lastTry || tries != 21 {
		t.Errorf("given up after %s and %d tries", age, tries)
	}
	log := w.log.String()
	if got := strings.Count(log, "level=ERROR"); got != 1 || !strings.Contains(log, fmt.Sprintf("event=reset user=alice channel=mail tries=%d err=\"no route", tries)) {
		t.Errorf("%d errors in the log:\n%s", got, log)
	}
	if got, want := s.Counters()[ChannelMail], (Count{Failed: uint64(tries), GivenUp: 1}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// Where pruning is late a notice isn't delivered days after the event.
func TestTooOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(store.Notice{Channel: ChannelMail, User: "alice", Event: "reset"})
	w.clock.Add(keptFor)
	s := w.sender(w.store, map[string]carrier{ChannelMail: carry(func(context.Context, store.Notice) error {
		t.Error("it was delivered")
		return nil
	})})
	w.run(s)
	eventually(t, "it is given up", func() bool { return len(w.due()) == 0 })
	eventually(t, "and counted", func() bool { return s.Counters()[ChannelMail] == Count{Failed: 1, GivenUp: 1} })
}
