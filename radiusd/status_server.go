package radiusd

import (
	"context"
	"time"

	"layeh.com/radius"
)

const (
	statusPerSecond = 50 // of one client
	statusWaiting   = 256
	probeFor        = time.Second // a probe takes no longer, and its result holds for so long
)

// statusQueue holds Status-Server requests (RFC 5997). They are answered one
// after the other, away from the workers: a probe that hangs holds up no login,
// and logins don't make us look dead.
type statusQueue struct {
	waiting chan *exchange
	probe   Probe
	// these belong to the one who answers
	probed  time.Time
	failure error
}

func newStatusQueue(probe Probe) *statusQueue {
	return &statusQueue{waiting: make(chan *exchange, statusWaiting), probe: probe}
}

// takeStatus queues a Status-Server. It is no login: no duplicate is kept, as
// each is answered by how things stand.
func (s *Server) takeStatus(x *exchange) {
	cause := kept
	switch {
	case !x.peer.StatusServer:
		cause = dropStatusRefused
	case !x.peer.statusRate.allow(x.arrived, statusPerSecond):
		cause = dropStatusRate
	default:
		select {
		case s.status.waiting <- x:
			return
		default:
			cause = dropQueueFull
		}
	}
	s.drop(cause, x.peer, x.entry.key.remote, nil)
}

// answerStatus answers until there are no more.
func (s *Server) answerStatus() {
	for x := range s.status.waiting {
		s.answerOneStatus(x)
	}
}

// answerOneStatus says that we are alive, or nothing: so the client turns to
// another server.
func (s *Server) answerOneStatus(x *exchange) {
	defer s.survive(x)
	if s.options.Now().Sub(x.arrived) > answerWithin {
		s.drop(dropLate, x.peer, x.entry.key.remote, nil)
		return
	}
	if err := s.status.health(s.base, s.options.Now); err != nil {
		s.drop(dropStatusUnhealthy, x.peer, x.entry.key.remote, err)
		return
	}
	asked, err := radius.ParseAttributes(x.packet.octets[headerLength:])
	if err != nil {
		s.drop(dropAttribute, x.peer, x.entry.key.remote, err)
		return
	}
	reply, err := x.encode(s.port.alive, nil, asked)
	if err != nil {
		s.drop(dropTooLarge, x.peer, x.entry.key.remote, err)
		return
	}
	s.counters.status.Add(1)
	s.send(x, reply)
}

// health is the result of the last probe, of a new one where that is too old.
func (q *statusQueue) health(base context.Context, now func() time.Time) error {
	if q.probe == nil {
		return nil
	}
	if !q.probed.IsZero() && now().Sub(q.probed).Abs() < probeFor {
		return q.failure
	}
	ctx, cancel := context.WithTimeout(base, probeFor)
	defer cancel()
	q.failure = q.probe(ctx)
	q.probed = now()
	return q.failure
}
