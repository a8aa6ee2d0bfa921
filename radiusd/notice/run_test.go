package notice

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// Two nodes on one database deliver each notice once.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mutex sync.Mutex
	times := make(map[int64]int)
	count := map[string]carrier{ChannelMail: carry(func(_ context.Context, n store.Notice) error {
		mutex.Lock()
		defer mutex.Unlock()
		times[n.ID]++
		return nil
	})}
	const notices = 100
	w.put(slices.Repeat([]store.Notice{{Channel: ChannelMail, User: "alice", Event: "reset"}}, notices)...)
	one, other := w.sender(w.store, count), w.sender(w.store, count)
	w.run(one)
	w.run(other)
	eventually(t, "the outbox is empty", func() bool { return len(w.due()) == 0 })
	mutex.Lock()
	defer mutex.Unlock()
	if len(times) != notices {
		t.Errorf("%d notices delivered, want %d", len(times), notices)
	}
	for id, count := range times {
		if count != 1 {
			t.Errorf("notice %d was delivered %d times", id, count)
		}
	}
}

// A node that dies in a delivery leaves it to the next, after the lease.
func TestDeadNode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(store.Notice{Channel: ChannelMail, User: "alice", Event: "reset"})
	if claimed, err := w.openStore().ClaimNotices(t.Context(), lease, 10); err != nil || len(claimed) != 1 {
		t.Fatal(claimed, err)
	}
	s := w.sender(w.store, map[string]carrier{ChannelMail: carry(nothing)})
	w.clock.Add(lease - time.Second)
	for range 3 {
		if count, err := s.handOut(t.Context(), 10); count != 0 || err != nil {
			t.Fatalf("%d claimed within the lease, %v", count, err)
		}
	}
	w.clock.Add(time.Second)
	w.run(s)
	eventually(t, "it is delivered", func() bool { return s.Counters()[ChannelMail].Delivered == 1 })
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

// broken is an outbox whose database fails for a while.
type broken struct {
	Outbox
	looks atomic.Int32
}

func (b *broken) ClaimNotices(ctx context.Context, lease time.Duration, limit int) ([]store.Notice, error) {
	if b.looks.Add(1) <= 3 {
		return nil, errors.New("disk on fire")
	}
	return b.Outbox.ClaimNotices(ctx, lease, limit)
}

func TestOutboxFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(store.Notice{Channel: ChannelMail, User: "alice", Event: "reset"})
	s := w.sender(&broken{Outbox: w.store}, map[string]carrier{ChannelMail: carry(nothing)})
	w.run(s)
	eventually(t, "it is delivered at last", func() bool { return s.Counters()[ChannelMail].Delivered == 1 })
	if got := strings.Count(w.log.String(), "disk on fire"); got != 3 {
		t.Errorf("%d errors logged, want 3", got)
	}
}

// forgetful is an outbox that can't write down the first outcomes.
type forgetful struct {
	Outbox
	faults int32
	asked  atomic.Int32
}

func (f *forgetful) RemoveNotice(ctx context.Context, id int64) error {
	if f.asked.Add(1) <= f.faults {
		return errors.New("disk on fire")
	}
	return f.Outbox.RemoveNotice(ctx, id)
}

// A busy database makes no second delivery.
func TestOutcomeKeptLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(store.Notice{Channel: ChannelMail, User: "alice", Event: "reset"})
	s := w.sender(&forgetful{Outbox: w.store, faults: 2}, map[string]carrier{ChannelMail: carry(nothing)})
	w.run(s)
	eventually(t, "the outbox is empty", func() bool { return len(w.due()) == 0 })
	if got := s.Counters()[ChannelMail]; got != (Count{Delivered: 1}) || strings.Contains(w.log.String(), "level=ERROR") {
		t.Errorf("counted %+v, the log says\n%s", got, w.log.String())
	}
}

// A delivery that can't be written down is made again, when its lease is over.
func TestOutcomeNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(store.Notice{Channel: ChannelMail, User: "alice", Event: "reset"})
	outbox := &forgetful{Outbox: w.store, faults: 1000}
	s := w.sender(outbox, map[string]carrier{ChannelMail: carry(nothing)})
	s.pace.settle = 100 * time.Millisecond
	notices, err := outbox.ClaimNotices(t.Context(), lease, 10)
	if err != nil || len(notices) != 1 {
		t.Fatal(notices, err)
	}
	s.settle(t.Context(), s.channels[ChannelMail], notices[0], nil)
	if due := w.due(); len(due) != 1 || !due[0].Equal(noon.Add(lease)) || !strings.Contains(w.log.String(), "disk on fire") {
		t.Errorf("due at %v, the log says\n%s", due, w.log.String())
	}
	s.pace.settle, outbox.faults = settleWithin, 0
	w.clock.Add(lease)
	w.run(s)
	eventually(t, "the outbox is empty", func() bool { return len(w.due()) == 0 })
}

// What waited too long in the queue is left to its lease: another node could
// have it before the delivery ends.
func TestWaitedTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(store.Notice{Channel: ChannelMail, User: "alice", Event: "reset"})
	s := w.sender(w.store, map[string]carrier{ChannelMail: carry(func(context.Context, store.Notice) error {
		t.Error("it was delivered")
		return nil
	})})
	c := s.channels[ChannelMail]
	c.queue = make(chan claimed, 1)
	if count, err := s.handOut(t.Context(), 10); count != 1 || err != nil {
		t.Fatal(count, err)
	}
	w.clock.Add(startWithin + time.Second)
	close(c.queue)
	s.work(t.Context(), t.Context(), c)
	if due := w.due(); len(due) != 1 || !due[0].Equal(noon.Add(lease)) {
		t.Errorf("due at %v", due)
	}
	if lease < startWithin+deliverWithin+settleWithin {
		t.Errorf("a lease of %s may end in a delivery", lease)
	}
}
