package radiusd

import (
	"context"
	"errors"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
)

// Accountant keeps what clients tell of connections.
type Accountant interface {
	// Record returns nil once the event is kept for good; the same event again
	// changes nothing. The context ends when the client has stopped waiting.
	Record(ctx context.Context, event access.Accounting) error
}

// admitAccounting verifies the Request Authenticator, which every
// Accounting-Request has, so that no rule of the client needs to ask for more
// (RFC 2866 section 3), and the Message-Authenticator where there is one.
func (p *peer) admitAccounting(request packet) drop {
	if request.code() == radius.CodeStatusServer {
		return p.admit(request)
	}
	if !p.authenticator.verifySigned(request.octets) {
		return dropRequestAuthenticator
	}
	if request.messageAuthenticator != 0 && !p.authenticator.verifyUnder(request.octets, request.messageAuthenticator) {
		return dropAuthenticatorWrong
	}
	return kept
}

// answerAccounting says that an event is recorded, after it is: else nothing, so
// that the client keeps it and tells it again (RFC 2866 section 4.1).
func (s *Server) answerAccounting(x *exchange, attributes radius.Attributes, left time.Duration) {
	event, cause := x.accounting(attributes)
	if cause != kept {
		s.abandon(x, cause, nil)
		return
	}
	reply, err := x.encode(radius.CodeAccountingResponse, nil, attributes)
	if err != nil {
		s.abandon(x, dropTooLarge, err)
		return
	}
	ctx, cancel := context.WithTimeout(s.base, left)
	defer cancel()
	if err := s.options.Accountant.Record(ctx, event); err != nil {
		s.abandon(x, notRecorded(err), err)
		return
	}
	s.counters.recorded.Add(1)
	if s.duplicates.finish(x.entry, reply) {
		s.send(x, reply)
	}
}

func notRecorded(err error) drop {
	if errors.Is(err, access.ErrStore) {
		return dropStore
	}
	return dropFault
}
