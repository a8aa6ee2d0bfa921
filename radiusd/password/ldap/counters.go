package ldap

import (
	"context"
	"errors"
	"time"

	"vpn-otpd/radiusd/access"
)

// Counters count how questions to one server ended, since the start. A login is
// one to three of them: finding the user, binding, searching for groups.
type Counters struct {
	Answered  uint64 // what was asked for was done
	Refused   uint64 // the user isn't there, or may not pass
	Failed    uint64 // it couldn't be reached, or said that it can't
	Timeouts  uint64 // nothing came in time
	Abandoned uint64 // nobody waited for the answer anymore
	Busy      uint64 // all connections were in use
}

func (c *Counters) add(ctx context.Context, err error, broken bool) {
	switch {
	case err == nil:
		c.Answered++
	case errors.Is(err, access.ErrBusy):
		c.Busy++
	case !broken && final(err) && !errors.Is(err, access.ErrBackend):
		c.Refused++
	case errors.Is(ctx.Err(), context.Canceled):
		c.Abandoned++
	case errors.Is(err, context.DeadlineExceeded):
		c.Timeouts++
	default:
		c.Failed++
	}
}

// State is how one server is doing.
type State struct {
	URL string
	// DeadUntil is when it is asked again, the zero time if it isn't dead. It
	// may be over: then the next login finds out.
	DeadUntil time.Time
	Counters
}

// States are the servers, in the configured order.
func (l *LDAP) States() []State {
	states := make([]State, len(l.servers))
	for i, s := range l.servers {
		s.mutex.Lock()
		states[i] = State{URL: s.url, DeadUntil: s.deadUntil, Counters: s.counters}
		s.mutex.Unlock()
	}
	return states
}
