package radiusd

import (
	"crypto/rand"
	"net/netip"

	"layeh.com/radius"
)

// self is the process itself as a peer: one socket with a secret that nobody
// else has. Addresses of clients that it shares stay theirs.
type self struct {
	from netip.AddrPort
	peer *peer
}

// AdmitSelf lets this process ask its own server, with Status-Server from one
// UDP address and port, under the secret returned; forget ends that. What is
// asked so is answered by the reader of the socket, however the store is: it
// says that the server lives, and counts nowhere. A later call replaces an
// earlier one.
func (s *Server) AdmitSelf(from netip.AddrPort) (secret []byte, forget func()) {
	secret = []byte(rand.Text())
	own := &self{from: withoutZone(from), peer: &peer{
		Client:        Client{Secret: secret, RequireMessageAuthenticator: true},
		authenticator: newAuthenticator(secret), traffic: &traffic{},
	}}
	s.self.Store(own)
	return secret, func() { s.self.CompareAndSwap(own, nil) }
}

func withoutZone(at netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
}

// takeSelf is false for datagrams that don't come from this process. Of those
// that do, it answers the Status-Server that are signed; all else is dropped.
func (s *Server) takeSelf(l link, datagram, control []byte, remote netip.AddrPort) bool {
	own := s.self.Load()
	if own == nil || own.from != withoutZone(remote) {
		return false
	}
	request, cause := inspect(datagram, s.port.request)
	if cause != kept || request.code() != radius.CodeStatusServer || own.peer.admit(request) != kept {
		return true
	}
	x := newExchange(own.peer, request, route{link: l, local: l.localAddress(control), remote: remote}, s.options.Now())
	if reply, err := x.encode(s.port.alive, nil, nil); err == nil {
		s.send(x, reply)
	}
	return true
}
