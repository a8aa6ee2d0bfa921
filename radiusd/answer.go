package radiusd

import (
	"context"
	"errors"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
)

const (
	// answerWithin is how long after its arrival a request can be answered:
	// clients that ask once wait for 3 s.
	answerWithin = 2500 * time.Millisecond
	// answerBudget is the least of it that the gate gets.
	answerBudget = 500 * time.Millisecond
)

// work answers requests until there are no more.
func (s *Server) work(next func() (*exchange, bool)) {
	for x, ok := next(); ok; x, ok = next() {
		s.answer(x)
	}
}

func (s *Server) answer(x *exchange) {
	defer s.survive(x)
	left := x.arrived.Add(answerWithin).Sub(s.options.Now())
	if left < answerBudget {
		s.abandon(x, dropLate, nil)
		return
	}
	attributes, err := radius.ParseAttributes(x.packet.octets[headerLength:])
	if err != nil {
		s.abandon(x, dropAttribute, err)
		return
	}
	s.port.answer(s, x, attributes, left)
}

// answerLogin answers what the gate decides.
func (s *Server) answerLogin(x *exchange, attributes radius.Attributes, left time.Duration) {
	decision, err := s.decide(x, attributes, left)
	if err != nil {
		s.abandon(x, causeOf(err), err)
		return
	}
	reply, verdict, err := s.compose(x, attributes, decision)
	switch {
	case errors.Is(err, errTooLarge):
		s.abandon(x, dropTooLarge, err)
	case err != nil:
		s.abandon(x, dropFault, err)
	case verdict == access.Reject:
		s.deliverReject(x, reply)
	default:
		s.deliver(x, reply, verdict)
	}
}

// decide asks the gate, unless the request is none that it could be asked.
func (s *Server) decide(x *exchange, attributes radius.Attributes, left time.Duration) (access.Decision, error) {
	request, reason := x.question(attributes)
	if reason != "" {
		s.refuse(x, reason)
		return access.Decision{Verdict: access.Reject, Reason: reason}, nil
	}
	ctx, cancel := context.WithTimeout(s.base, left)
	defer cancel()
	return s.options.Gate.Check(ctx, request)
}

// refuse counts a request that is rejected without the gate, and names it in
// the log, once a minute for each client.
func (s *Server) refuse(x *exchange, reason access.Reason) {
	counter := &s.counters.malformed
	if reason == access.MethodUnsupported {
		counter = &s.counters.unsupported
	}
	counter.Add(1)
	if x.peer.refused.allow(s.options.Now()) {
		s.logger.Warn("request refused", "reason", reason, "client", x.peer.Name, "address", x.entry.key.remote.String())
	}
}

// causeOf sorts the gate's errors.
func causeOf(err error) drop {
	switch {
	case errors.Is(err, access.ErrBusy):
		return dropBusy
	case errors.Is(err, access.ErrBackend):
		return dropBackend
	case errors.Is(err, access.ErrStore):
		return dropStore
	}
	return dropFault
}

// deliverReject sends a reject at its time: all refusals look alike, whatever
// it took to decide them.
func (s *Server) deliverReject(x *exchange, reply []byte) {
	wait := x.arrived.Add(s.options.RejectDelay + s.options.Jitter()).Sub(s.options.Now())
	if s.options.WithoutRejectDelay || wait <= 0 {
		s.deliver(x, reply, access.Reject)
		return
	}
	s.duplicates.schedule(x.entry, wait, func() {
		defer s.survive(x)
		s.deliver(x, reply, access.Reject)
	})
}

// deliver sends a reply, unless the client has given the request up for another.
func (s *Server) deliver(x *exchange, reply []byte, verdict access.Verdict) {
	if !s.duplicates.finish(x.entry, reply) {
		return
	}
	switch verdict {
	case access.Accept:
		s.counters.accepts.Add(1)
	case access.Reject:
		s.counters.rejects.Add(1)
	case access.Challenge:
		s.counters.challenges.Add(1)
	}
	s.send(x, reply)
}

func (s *Server) send(x *exchange, reply []byte) {
	to := x.entry.key.route
	if err := to.link.send(reply, to); err != nil {
		s.drop(dropSend, x.peer, to.remote, err)
	}
}
