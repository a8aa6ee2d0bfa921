package radiusd

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"time"

	"layeh.com/radius"
)

// exchange is one request on its way to an answer.
type exchange struct {
	peer    *peer
	packet  packet
	entry   *entry
	arrived time.Time
}

// receive takes a datagram in, on the reader of its socket: whatever can be
// refused without the gate is refused here, the cheapest checks first. It keeps
// nothing of datagram and control.
func (s *Server) receive(l link, datagram, control []byte, remote netip.AddrPort) {
	defer s.survive(nil)
	if s.takeSelf(l, datagram, control, remote) {
		return
	}
	s.counters.received.Add(1)
	peer := s.clients.Load().lookup(remote.Addr())
	if peer == nil {
		s.drop(dropUnknownClient, nil, remote, nil)
		return
	}
	request, cause := inspect(datagram, s.port.request)
	if cause != kept {
		s.drop(cause, peer, remote, nil)
		return
	}
	now := s.options.Now()
	cause = s.port.admit(peer, request)
	if cause != dropAuthenticatorWrong && cause != dropRequestAuthenticator {
		peer.traffic.note(request, now)
	}
	if cause != kept {
		s.drop(cause, peer, remote, nil)
		return
	}
	s.take(newExchange(peer, request, route{link: l, local: l.localAddress(control), remote: remote}, now))
}

func newExchange(p *peer, request packet, from route, now time.Time) *exchange {
	request.octets = bytes.Clone(request.octets)
	return &exchange{peer: p, packet: request, arrived: now, entry: &entry{
		key:           duplicateKey{route: from, identifier: request.identifier(), code: byte(request.code())},
		authenticator: [authenticatorLength]byte(request.requestAuthenticator()),
		length:        len(request.octets),
		verified:      request.messageAuthenticator != 0 || request.code() == radius.CodeAccountingRequest,
		arrived:       now,
	}}
}

// take answers a repetition at once and queues what is new.
func (s *Server) take(x *exchange) {
	defer s.survive(x)
	if x.packet.code() == radius.CodeStatusServer {
		s.takeStatus(x)
		return
	}
	reply, cause := s.duplicates.begin(x.entry)
	switch {
	case cause != kept:
		s.drop(cause, x.peer, x.entry.key.remote, nil)
	case reply != nil:
		s.counters.repeated.Add(1)
		s.send(x, reply)
	default:
		if !s.queue.add(x, s.port.prefers(s, x.packet)) {
			s.abandon(x, dropQueueFull, nil)
		}
	}
}

// abandon gives a request up that was taken in: when it comes again, it gets
// another chance.
func (s *Server) abandon(x *exchange, cause drop, err error) {
	s.duplicates.forget(x.entry)
	s.drop(cause, x.peer, x.entry.key.remote, err)
}

// drop counts what gets no answer, and says so: each one to whoever debugs, and
// what an administrator should know once a minute for each cause and client.
// peer is nil for addresses that are no client's.
func (s *Server) drop(cause drop, p *peer, remote netip.AddrPort, err error) {
	s.counters.dropped[cause].Add(1)
	level, message, limit := slog.LevelDebug, "request dropped", &s.warned[cause]
	if p != nil {
		limit = &p.warned[cause]
	}
	if warning := cause.warning(); warning != "" && limit.allow(s.options.Now()) {
		level, message = slog.LevelWarn, warning
	}
	if !s.logger.Enabled(context.Background(), level) {
		return
	}
	attributes := []any{"cause", cause.String(), "address", remote.String()}
	if p != nil {
		attributes = append(attributes, "client", p.Name)
	}
	if err != nil {
		attributes = append(attributes, "error", err)
	}
	s.logger.Log(context.Background(), level, message, attributes...)
}

// warning is what an administrator should know of a cause, "" for what is
// ordinary on a network.
func (d drop) warning() string {
	switch d {
	case dropUnknownClient:
		return "request from an address that is no client's"
	case dropAuthenticatorWrong:
		return "Message-Authenticator is wrong: does the client have the same secret?"
	case dropRequestAuthenticator:
		return "Request Authenticator of an accounting request is wrong: does the client have the same secret?"
	case dropAccounting:
		return "accounting request that says too little or too much"
	case dropAccountingStatus:
		return "accounting request of a kind that isn't kept"
	case dropAuthenticatorMissing:
		return "request without the Message-Authenticator that is required"
	case dropProxyState:
		return "request with Proxy-State, but without Message-Authenticator"
	case dropConflict:
		return "unverified request in place of a verified one: somebody may be forging requests"
	case dropFull, dropQueueFull, dropLate, dropBusy:
		return "more requests than can be answered in time"
	case dropBackend, dropStore, dropFault, dropStatusUnhealthy, dropTooLarge, dropSend:
		return "request left without an answer"
	case dropStatusRefused:
		return "Status-Server from a client that may not ask"
	}
	return ""
}

// survive keeps the server alive when one request makes it panic: that request
// gets no answer. x is nil where nothing was taken in yet.
func (s *Server) survive(x *exchange) {
	cause := recover()
	if cause == nil {
		return
	}
	s.counters.dropped[dropPanic].Add(1)
	s.logger.Error("panic while answering a request", "panic", cause, "stack", string(debug.Stack()))
	if x != nil {
		s.duplicates.forget(x.entry)
	}
}
