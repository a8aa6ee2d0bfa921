package radiusd

import (
	"encoding/binary"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
)

// maxAttributes bounds what one packet costs; no client sends as many.
const maxAttributes = 200

// packet is a request that passed the raw checks, as it stands on the wire.
type packet struct {
	octets []byte // as many as its Length says
	// messageAuthenticator is the offset of the attribute's value; 0: there is none.
	messageAuthenticator int
	stateStart, stateEnd int // of the first State's value
	eap                  bool
	proxyState           bool
}

// inspect checks a datagram before anything is allocated for it. It is a request
// of the wanted kind, or a Status-Server. What follows
// the packet's Length is padding and ignored (RFC 2865 section 3).
func inspect(datagram []byte, wanted radius.Code) (packet, drop) {
	if len(datagram) < headerLength {
		return packet{}, dropLength
	}
	length := int(binary.BigEndian.Uint16(datagram[2:4]))
	if length < headerLength || length > radius.MaxPacketLength || length > len(datagram) {
		return packet{}, dropLength
	}
	p := packet{octets: datagram[:length]}
	if code := p.code(); code != wanted && code != radius.CodeStatusServer {
		return packet{}, dropCode
	}
	return p, p.walk()
}

// walk reads the attributes' borders. A packet with a broken one is discarded,
// as everybody does, though RFC 2865 section 5 would allow a reject.
func (p *packet) walk() drop {
	count := 0
	for at := headerLength; at < len(p.octets); {
		rest := p.octets[at:]
		if len(rest) < 2 || rest[1] < 2 || int(rest[1]) > len(rest) {
			return dropAttribute
		}
		length := int(rest[1])
		if count++; count > maxAttributes {
			return dropAttribute
		}
		switch radius.Type(rest[0]) {
		case 0:
			return dropAttribute
		case rfc2869.MessageAuthenticator_Type:
			if length != 2+authenticatorLength || p.messageAuthenticator != 0 {
				return dropAttribute
			}
			p.messageAuthenticator = at + 2
		case rfc2869.EAPMessage_Type:
			p.eap = true
		case rfc2865.ProxyState_Type:
			p.proxyState = true
		case rfc2865.State_Type:
			if p.stateEnd == 0 {
				p.stateStart, p.stateEnd = at+2, at+length
			}
		}
		at += length
	}
	return kept
}

// admit verifies the Message-Authenticator and applies the client's rules
// where there is none. Its position has no meaning in a request.
func (p *peer) admit(request packet) drop {
	if request.messageAuthenticator != 0 {
		if !p.authenticator.verify(request.octets, request.messageAuthenticator) {
			return dropAuthenticatorWrong
		}
		return kept
	}
	switch {
	case request.code() == radius.CodeStatusServer, request.eap: // RFC 5997 section 3, RFC 3579 section 3.1
		return dropAuthenticatorMissing
	case p.RequireMessageAuthenticator:
		return dropAuthenticatorMissing
	case p.LimitProxyState && request.proxyState:
		return dropProxyState
	}
	return kept
}

func (p packet) code() radius.Code { return radius.Code(p.octets[0]) }
func (p packet) identifier() byte  { return p.octets[1] }

func (p packet) state() []byte { return p.octets[p.stateStart:p.stateEnd] }

func (p packet) requestAuthenticator() []byte {
	return p.octets[authenticatorOffset:headerLength]
}
