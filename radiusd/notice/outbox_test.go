package notice

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vpn-otpd/store"
)

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
