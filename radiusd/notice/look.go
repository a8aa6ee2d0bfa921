package notice

import (
	"context"
	"errors"
	"time"

	"vpn-otpd/store"
)

const (
	lookRarely = time.Minute // while the outbox can't be read
	// lease is longer than a notice may wait for a worker (startWithin) and its
	// delivery may take (deliverWithin, settleWithin) together.
	lease       = 3 * time.Minute
	startWithin = 2 * time.Minute
)

// claimed is a notice that is this node's for a while.
type claimed struct {
	store.Notice
	startBy time.Time
}

// look hands what is due to the channels, until ctx is done.
func (s *Sender) look(ctx context.Context) {
	wait := s.pace.look
	for ctx.Err() == nil {
		limit := s.room()
		if limit == 0 {
			s.pause(ctx, s.pace.room/20, nil)
			continue
		}
		count, err := s.handOut(ctx, limit)
		switch {
		case err != nil && ctx.Err() == nil:
			s.logger.Error("the outbox of notices can't be read", "err", err)
			wait = min(2*wait, lookRarely)
		case err == nil:
			wait = s.pace.look
		}
		if count < limit { // else there may be more
			s.pause(ctx, wait, s.wake)
		}
	}
}

func (s *Sender) pause(ctx context.Context, wait time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}

// room is how many notices the queues have room for.
func (s *Sender) room() int {
	if len(s.channels) == 0 {
		return waiting // to be put off
	}
	room := 0
	for _, c := range s.channels {
		room += cap(c.queue) - len(c.queue)
	}
	return room
}

// errNotConfigured is a reason to wait and not to drop: another node may have
// the channel, or this one after a reload.
var errNotConfigured = errors.New("this channel isn't configured")

// handOut claims notices and queues them. The channels that have room come
// first, so that one that is stuck doesn't hold up the other.
func (s *Sender) handOut(ctx context.Context, limit int) (count int, err error) {
	startBy := s.now().Add(startWithin)
	notices, err := s.outbox.ClaimNotices(ctx, lease, limit)
	if err != nil {
		return 0, err
	}
	var left []claimed
	for _, n := range notices {
		c, configured := s.channels[n.Channel]
		if !configured {
			s.settle(ctx, nil, n, errNotConfigured)
			continue
		}
		select {
		case c.queue <- claimed{n, startBy}:
		default:
			left = append(left, claimed{n, startBy})
		}
	}
	s.waitForRoom(ctx, left)
	return len(notices), nil
}

// waitForRoom waits a little for channels that are full, once for each time that
// they are stuck. What finds no room comes back when its lease ends.
func (s *Sender) waitForRoom(ctx context.Context, left []claimed) {
	full := time.NewTimer(s.pace.room)
	defer full.Stop()
	for _, n := range left {
		c := s.channels[n.Channel]
		if c.stuckAt == c.ended.Load() {
			continue
		}
		select {
		case c.queue <- n:
		case <-full.C:
			full.Reset(0) // the rest has waited as long
			c.stuckAt = c.ended.Load()
			s.logger.Warn("notices wait: a channel is slow", "channel", n.Channel)
		case <-ctx.Done():
			s.release(ctx, n.Notice)
		}
	}
}
