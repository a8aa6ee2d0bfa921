package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"vpn-otpd/store"
)

// deliverWithin bounds one delivery.
const deliverWithin = 30 * time.Second

// work delivers what is queued. Once ctx is done the rest goes back to the outbox.
func (s *Sender) work(ctx, deliveries context.Context, c *channel) {
	for n := range c.queue {
		switch {
		case ctx.Err() != nil:
			s.release(ctx, n.Notice)
		case s.now().After(n.startBy):
			// Its lease could end during the delivery: it comes back by itself.
		default:
			s.try(deliveries, c, n.Notice)
		}
	}
}

// try makes one delivery. A notice that is older than its time isn't worth one.
func (s *Sender) try(ctx context.Context, c *channel, n store.Notice) {
	if !s.now().Before(n.At.Add(keptFor)) {
		s.settle(ctx, c, n, errTooOld)
		return
	}
	err := attempt(ctx, c.carrier, n)
	c.ended.Add(1)
	if err != nil && ctx.Err() != nil {
		s.release(ctx, n) // cut off by the end of the daemon, which says nothing of the channel
		return
	}
	s.settle(ctx, c, n, err)
}

// attempt bounds a delivery in time; a panic in it is a failure.
func attempt(ctx context.Context, c carrier, n store.Notice) (err error) {
	ctx, cancel := context.WithTimeout(ctx, deliverWithin)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	return c.deliver(ctx, n)
}

// settle writes down how a delivery ended; c is nil where there is no channel.
func (s *Sender) settle(ctx context.Context, c *channel, n store.Notice, err error) {
	logger := s.logger.With("event", n.Event, "user", n.User, "channel", n.Channel, "tries", n.Tries)
	var final *finalError
	next, again := s.nextTry(n)
	switch {
	case err == nil:
		c.count(delivered)
		logger.Info("user notified")
		s.keep(ctx, logger, func(ctx context.Context) error { return s.outbox.RemoveNotice(ctx, n.ID) })
	case errors.As(err, &final) || !again:
		c.count(failed)
		c.count(givenUp)
		logger.Error("user not notified, given up", "err", shorten(err))
		s.keep(ctx, logger, func(ctx context.Context) error { return s.outbox.RemoveNotice(ctx, n.ID) })
	default:
		c.count(failed)
		logger.Warn("user not notified yet", "err", shorten(err), "next", next.UTC().Format(time.RFC3339))
		s.keep(ctx, logger, func(ctx context.Context) error { return s.outbox.RetryNotice(ctx, n.ID, next) })
	}
}

// release makes a notice due that wasn't delivered for no fault of its own.
func (s *Sender) release(ctx context.Context, n store.Notice) {
	logger := s.logger.With("event", n.Event, "user", n.User, "channel", n.Channel)
	s.keep(ctx, logger, func(ctx context.Context) error { return s.outbox.RetryNotice(ctx, n.ID, s.now()) })
}

// keep writes to the outbox, more than once where the database is busy: a
// delivery that nobody remembers is made again when its lease ends.
func (s *Sender) keep(ctx context.Context, logger *slog.Logger, write func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.pace.settle)
	defer cancel()
	for {
		err := write(ctx)
		if err == nil {
			return
		}
		select {
		case <-time.After(s.pace.settle / 20):
		case <-ctx.Done():
			logger.Error("the outcome of a notice can't be kept", "err", err)
			return
		}
	}
}

// shorten keeps what a server said within a line of the log.
func shorten(err error) string {
	const most = 2000
	text := err.Error()
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}
