package notice

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"vpn-otpd/store"
)

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
