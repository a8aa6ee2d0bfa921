package notice

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"vpn-otpd/store"
)

func nothing(context.Context, store.Notice) error { return nil }

func TestDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := make(chan store.Notice, 10)
	s := w.sender(w.store, map[string]carrier{ChannelWebhook: carry(func(ctx context.Context, n store.Notice) error {
		if deadline, bounded := ctx.Deadline(); !bounded || time.Until(deadline) > deliverWithin {
			t.Errorf("a delivery may last until %v", deadline)
		}
		got <- n
		return nil
	})})
	want := store.Notice{Channel: ChannelWebhook, User: "alice", Event: "device_added", Address: "192.0.2.7", Device: "Phone", Actor: "self"}
	w.put(want)
	w.run(s)
	n := <-got
	want.ID, want.At, want.Tries = n.ID, n.At, 1
	if n != want || !n.At.Equal(noon) {
		t.Errorf("delivered %+v, want %+v", n, want)
	}
	eventually(t, "the outbox is empty", func() bool { return len(w.due()) == 0 })
	if got, want := s.Counters()[ChannelWebhook], (Count{Delivered: 1}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

func TestWake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sender(w.store, map[string]carrier{ChannelMail: carry(nothing)})
	s.pace.look = time.Hour
	for range 3 {
		s.Wake() // must not block, though nobody listens
	}
	w.run(s)
	eventually(t, "the first look is over", func() bool { return len(s.wake) == 0 })
	w.put(store.Notice{Channel: ChannelMail, User: "alice", Event: "reset"})
	s.Wake()
	eventually(t, "it is delivered", func() bool { return s.Counters()[ChannelMail].Delivered == 1 })
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fail carry
		want Count
		left int
		log  string
	}{
		"later": {func(context.Context, store.Notice) error { return errors.New("later") }, Count{Failed: 1}, 1, "level=WARN"},
		"final": {func(context.Context, store.Notice) error { return &finalError{errors.New("never")} }, Count{Failed: 1, GivenUp: 1}, 0, "level=ERROR"},
		"panic": {func(context.Context, store.Notice) error { panic("on purpose") }, Count{Failed: 1}, 1, "panic: on purpose"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.sender(w.store, map[string]carrier{ChannelMail: test.fail})
			w.put(store.Notice{Channel: ChannelMail, User: "alice", Event: "reset"})
			w.run(s)
			eventually(t, "it is settled", func() bool {
				due := w.due()
				return len(due) == test.left && (test.left == 0 || due[0].Equal(noon.Add(time.Minute)))
			})
			if got := s.Counters()[ChannelMail]; got != test.want {
				t.Errorf("counted %+v, want %+v", got, test.want)
			}
			if log := w.log.String(); !strings.Contains(log, test.log) || !strings.Contains(log, "event=reset user=alice channel=mail tries=1 err=") {
				t.Errorf("the log says\n%s", log)
			}
		})
	}
}

// What this node can't send may be for another one, or for later.
func TestChannelNotConfigured(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sender(w.store, nil)
	w.put(store.Notice{Channel: ChannelMail, User: "alice", Event: "reset"})
	w.run(s)
	eventually(t, "it is put off", func() bool { return w.due()[0].Equal(noon.Add(time.Minute)) })
}

// A hundred deliveries that hang don't keep the other channel's waiting.
func TestSlowChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sender(w.store, map[string]carrier{
		ChannelMail: carry(func(ctx context.Context, _ store.Notice) error {
			<-ctx.Done()
			return ctx.Err()
		}),
		ChannelWebhook: carry(nothing),
	})
	w.put(slices.Repeat([]store.Notice{{Channel: ChannelMail, User: "alice", Event: "reset"}}, 100)...)
	w.clock.Add(time.Second)
	w.put(store.Notice{Channel: ChannelWebhook, User: "alice", Event: "reset"})
	stop := w.run(s)
	eventually(t, "the webhook is called", func() bool { return s.Counters()[ChannelWebhook].Delivered == 1 })
	stop()
	if got := s.Counters()[ChannelMail]; got != (Count{}) {
		t.Errorf("mail counts %+v: the end of the daemon is no failure of it", got)
	}
}

// The end of the daemon lets deliveries end, and gives back what hasn't begun.
func TestStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun, end := make(chan struct{}, 100), make(chan struct{})
	s := w.sender(w.store, map[string]carrier{ChannelMail: carry(func(ctx context.Context, _ store.Notice) error {
		begun <- struct{}{}
		<-end
		return ctx.Err()
	})})
	s.pace.stop = time.Minute // they end before
	const notices = parallel + waiting + 5
	w.put(slices.Repeat([]store.Notice{{Channel: ChannelMail, User: "alice", Event: "reset"}}, notices)...)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	for range parallel {
		<-begun
	}
	cancel()
	close(end)
	<-ended
	for _, due := range w.due() {
		if !due.Equal(noon) {
			t.Errorf("one is due only %s later", due.Sub(noon))
		}
	}
	if got := len(w.due()); got != notices-parallel {
		t.Errorf("%d are left, want %d", got, notices-parallel)
	}
	if got := s.Counters()[ChannelMail]; got != (Count{Delivered: parallel}) {
		t.Errorf("counted %+v", got)
	}
}
