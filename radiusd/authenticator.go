package radiusd

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"errors"
	"hash"
	"sync"

	"layeh.com/radius"
	"layeh.com/radius/rfc2869"
)

const (
	headerLength        = 20 // code, identifier, length, authenticator
	authenticatorOffset = 4
	authenticatorLength = 16
	// replyAuthenticator is where the value of the Message-Authenticator
	// stands in every reply: its first attribute.
	replyAuthenticator = headerLength + 2
)

// authenticator computes what depends on one client's secret.
type authenticator struct {
	secret []byte
	macs   sync.Pool // *keyedMAC
}

// keyedMAC is HMAC-MD5 under the secret, used again and again: junk with a
// wrong Message-Authenticator must not cost memory.
type keyedMAC struct {
	hash.Hash
	plain hash.Hash // MD5 without a key
	sum   [md5.Size]byte
	empty [authenticatorLength]byte
}

func newAuthenticator(secret []byte) *authenticator {
	a := &authenticator{secret: bytes.Clone(secret)}
	a.macs.New = func() any { return &keyedMAC{Hash: hmac.New(md5.New, a.secret), plain: md5.New()} }
	return a
}

// verify reports whether the Message-Authenticator whose value stands at this
// offset of the request is right (RFC 3579 section 3.2).
func (a *authenticator) verify(request []byte, offset int) bool {
	mac := a.macs.Get().(*keyedMAC)
	defer a.macs.Put(mac)
	return hmac.Equal(mac.of(request, offset), request[offset:offset+authenticatorLength])
}

// verifySigned reports whether the Request Authenticator of a request is right
// that signs itself: the MD5 of it and the secret, with zeros in its own place
// (RFC 2866 section 3).
func (a *authenticator) verifySigned(request []byte) bool {
	mac := a.macs.Get().(*keyedMAC)
	defer a.macs.Put(mac)
	mac.plain.Reset()
	mac.plain.Write(request[:authenticatorOffset])
	mac.plain.Write(mac.empty[:])
	mac.plain.Write(request[headerLength:])
	mac.plain.Write(a.secret)
	return hmac.Equal(mac.plain.Sum(mac.sum[:0]), request[authenticatorOffset:headerLength])
}

// verifyUnder is verify for a request that signs itself: its Message-Authenticator
// was made first, when there were zeros for the other (RFC 5176 section 3.4).
func (a *authenticator) verifyUnder(request []byte, offset int) bool {
	mac := a.macs.Get().(*keyedMAC)
	defer a.macs.Put(mac)
	mac.Reset()
	mac.Write(request[:authenticatorOffset])
	mac.Write(mac.empty[:])
	mac.Write(request[headerLength:offset])
	mac.Write(mac.empty[:])
	mac.Write(request[offset+authenticatorLength:])
	return hmac.Equal(mac.Sum(mac.sum[:0]), request[offset:offset+authenticatorLength])
}

// sign completes a reply that holds the Request Authenticator in its header and
// a Message-Authenticator as its first attribute: that value, and the Response
// Authenticator over all (RFC 2865 section 3).
func (a *authenticator) sign(reply []byte) error {
	if len(reply) < replyAuthenticator+authenticatorLength || radius.Type(reply[headerLength]) != rfc2869.MessageAuthenticator_Type {
		return errors.New("the reply doesn't begin with a Message-Authenticator")
	}
	mac := a.macs.Get().(*keyedMAC)
	defer a.macs.Put(mac)
	copy(reply[replyAuthenticator:], mac.of(reply, replyAuthenticator))
	a.respond(reply)
	return nil
}

// respond puts the Response Authenticator into a reply that holds the Request
// Authenticator in its place.
func (a *authenticator) respond(reply []byte) {
	response := md5.New()
	response.Write(reply)
	response.Write(a.secret)
	response.Sum(reply[:authenticatorOffset])
}

// of computes the MAC of a packet with 16 zeros in place of the octets at
// offset. The result is valid until the next call.
func (m *keyedMAC) of(packet []byte, offset int) []byte {
	m.Reset()
	m.Write(packet[:offset])
	m.Write(m.empty[:])
	m.Write(packet[offset+authenticatorLength:])
	return m.Sum(m.sum[:0])
}

const (
	passwordBlock  = 16
	passwordLength = 128 // octets at most, padding included
)

// password uncovers a User-Password (RFC 2865 section 5.2) and takes the padding
// off: only the NULs at its end, those within it are the user's. ok is false for
// a length that the attribute can't have.
func (a *authenticator) password(hidden, requestAuthenticator []byte) (password []byte, ok bool) {
	if len(hidden) == 0 || len(hidden) > passwordLength || len(hidden)%passwordBlock != 0 {
		return nil, false
	}
	password = make([]byte, 0, len(hidden))
	stream := md5.New()
	previous := requestAuthenticator
	for at := 0; at < len(hidden); at += passwordBlock {
		stream.Reset()
		stream.Write(a.secret)
		stream.Write(previous)
		password = stream.Sum(password)
		previous = hidden[at : at+passwordBlock]
		for i, octet := range previous {
			password[at+i] ^= octet
		}
	}
	return bytes.TrimRight(password, "\x00"), true
}
