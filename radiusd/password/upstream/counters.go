package upstream

import (
	"context"
	"errors"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/client"
)

// Counters count how questions to one server ended, since the start.
type Counters struct {
	Accepts, Rejects, Challenges uint64
	Timeouts                     uint64 // no answer came that could be trusted
	Abandoned                    uint64 // we had no time to wait for the answer
	Busy                         uint64 // too many questions were under way
	Failed                       uint64 // nothing could be sent
	// Ignored counts datagrams that answered nothing: late, forged or without
	// a Message-Authenticator.
	Ignored uint64
}

func (c *Counters) add(ctx context.Context, reply *client.Reply, err error) {
	switch {
	case errors.Is(err, client.ErrTimeout):
		c.Timeouts++
	case errors.Is(err, access.ErrBusy):
		c.Busy++
	case err != nil && ctx.Err() != nil:
		c.Abandoned++
	case err != nil:
		c.Failed++
	case reply.Code == client.Accept:
		c.Accepts++
	case reply.Code == client.Challenge:
		c.Challenges++
	default:
		c.Rejects++
	}
}

// State is how one server is doing.
type State struct {
	Address string
	// DeadUntil is when it is asked again, the zero time if it isn't dead. It
	// may be over: then the next login finds out.
	DeadUntil time.Time
	Counters
}

// States are the servers, in the configured order.
func (u *Upstream) States() []State {
	states := make([]State, len(u.servers))
	for i, s := range u.servers {
		s.mutex.Lock()
		states[i] = State{Address: s.Address, DeadUntil: s.deadUntil, Counters: s.counters}
		s.mutex.Unlock()
		states[i].Ignored = s.sockets.ignoredDatagrams()
	}
	return states
}
