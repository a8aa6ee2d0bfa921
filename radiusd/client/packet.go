package client

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"errors"
	"fmt"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
)

const (
	headerSize        = 20
	authenticatorSize = 16
	// maxPassword is the most octets of a User-Password (RFC 2865, section 5.2).
	maxPassword = 128
)

// Request is what to ask.
type Request struct {
	Code       radius.Code       // Access-Request, Accounting-Request or Status-Server
	Attributes radius.Attributes // in this order; without User-Password and Message-Authenticator
	Password   []byte            // any octets, at most 128; nil: no User-Password
	// Identifier of the packet; nil: one by chance, or one that is free.
	Identifier *byte
	// WithoutMessageAuthenticator is for trying out what a server does then.
	WithoutMessageAuthenticator bool
}

// Reply is an answer that was proven to be one.
type Reply struct {
	Code       radius.Code
	Attributes radius.Attributes
	Request    []byte // the octets that were sent
	Octets     []byte // the octets that came back
}

// Messages are the Reply-Messages, in order.
func (r *Reply) Messages() []string {
	var messages []string
	for _, a := range r.Attributes {
		if a.Type == rfc2865.ReplyMessage_Type {
			messages = append(messages, string(a.Attribute))
		}
	}
	return messages
}

// State is the State of a challenge; nil: there is none.
func (r *Reply) State() []byte { return r.Attributes.Get(rfc2865.State_Type) }

// UserName is the User-Name of an accept; "": there is none.
func (r *Reply) UserName() string { return string(r.Attributes.Get(rfc2865.UserName_Type)) }

// encode makes the octets of a request under a fresh Request Authenticator, which
// is by chance, or, of an Accounting-Request, signs it (RFC 2866, section 3).
func (r *Request) encode(identifier byte, secret []byte) ([]byte, error) {
	signsItself := r.Code == radius.CodeAccountingRequest
	bare := r.WithoutMessageAuthenticator || signsItself
	switch {
	case r.Code != radius.CodeAccessRequest && r.Code != radius.CodeStatusServer && !signsItself:
		return nil, fmt.Errorf("this client doesn't send %v", r.Code)
	case signsItself && r.Password != nil:
		return nil, errors.New("accounting carries no password")
	}
	packet := &radius.Packet{Code: r.Code, Identifier: identifier}
	if !signsItself {
		rand.Read(packet.Authenticator[:])
	}
	if !bare {
		packet.Attributes.Add(rfc2869.MessageAuthenticator_Type, make([]byte, authenticatorSize))
	}
	packet.Attributes = append(packet.Attributes, r.Attributes...)
	if r.Password != nil {
		if len(r.Password) > maxPassword {
			return nil, fmt.Errorf("a password of %d octets: RADIUS carries %d", len(r.Password), maxPassword)
		}
		packet.Attributes.Add(rfc2865.UserPassword_Type, hide(r.Password, secret, packet.Authenticator))
	}
	octets, err := packet.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	if !bare {
		sum := hmac.New(md5.New, secret)
		sum.Write(octets)
		copy(octets[headerSize+2:], sum.Sum(nil))
	}
	if signsItself {
		sum := md5.New()
		sum.Write(octets)
		sum.Write(secret)
		sum.Sum(octets[:headerSize-authenticatorSize])
	}
	return octets, nil
}

// hide is User-Password's way to hide a password (RFC 2865, section 5.2), for
// any octets: the library's stops at a NUL.
func hide(password, secret []byte, authenticator [authenticatorSize]byte) []byte {
	hidden := make([]byte, max(1, (len(password)+15)/16)*16)
	copy(hidden, password)
	previous := authenticator[:]
	for block := 0; block < len(hidden); block += 16 {
		key := md5.Sum(append(append([]byte{}, secret...), previous...))
		for i := range 16 {
			hidden[block+i] ^= key[i]
		}
		previous = hidden[block : block+16]
	}
	return hidden
}

var errReply = errors.New("not an answer to this request")

// answers says whether a reply of this code can answer a request (RFC 2865,
// section 4; RFC 2866, section 3; RFC 5997, section 4). Other requests aren't asked here.
func answers(request, reply radius.Code) bool {
	switch request {
	case radius.CodeAccessRequest:
		return reply == radius.CodeAccessAccept || reply == radius.CodeAccessReject || reply == radius.CodeAccessChallenge
	case radius.CodeAccountingRequest:
		return reply == radius.CodeAccountingResponse
	case radius.CodeStatusServer:
		return reply == radius.CodeAccessAccept || reply == radius.CodeAccountingResponse
	}
	return false
}

// verify reads a reply and proves that the holder of the secret made it for
// this request.
func verify(octets, request, secret []byte, needsMessageAuthenticator bool) (*Reply, error) {
	packet, err := radius.Parse(octets, secret)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errReply, err)
	}
	octets = octets[:int(octets[2])<<8|int(octets[3])]
	if packet.Identifier != request[1] {
		return nil, fmt.Errorf("%w: it has another identifier", errReply)
	}
	if !answers(radius.Code(request[0]), packet.Code) {
		return nil, fmt.Errorf("%w: it is an %v", errReply, packet.Code)
	}
	asked := request[4:headerSize]
	sum := md5.New()
	sum.Write(octets[:4])
	sum.Write(asked)
	sum.Write(octets[headerSize:])
	sum.Write(secret)
	if !hmac.Equal(sum.Sum(nil), octets[4:headerSize]) {
		return nil, fmt.Errorf("%w: its Response Authenticator is wrong", errReply)
	}
	if radius.Code(request[0]) == radius.CodeAccountingRequest { // what a Message-Authenticator is here, nobody agrees on
		return &Reply{Code: packet.Code, Attributes: packet.Attributes, Request: request, Octets: octets}, nil
	}
	if err := verifyMessageAuthenticator(packet.Attributes, octets, asked, secret, needsMessageAuthenticator); err != nil {
		return nil, err
	}
	return &Reply{Code: packet.Code, Attributes: packet.Attributes, Request: request, Octets: octets}, nil
}

// verifyMessageAuthenticator computes over the reply with the Request
// Authenticator in its header and zeros in place of the value.
func verifyMessageAuthenticator(attributes radius.Attributes, octets, asked, secret []byte, needed bool) error {
	signed := append([]byte{}, octets...)
	copy(signed[4:], asked)
	var found []byte
	for offset, i := headerSize, 0; i < len(attributes); i++ {
		a := attributes[i]
		if a.Type == rfc2869.MessageAuthenticator_Type {
			if found != nil || len(a.Attribute) != authenticatorSize {
				return fmt.Errorf("%w: its Message-Authenticator is malformed", errReply)
			}
			found = a.Attribute
			clear(signed[offset+2 : offset+2+authenticatorSize])
		}
		offset += 2 + len(a.Attribute)
	}
	if found == nil {
		if needed {
			return fmt.Errorf("%w: it has no Message-Authenticator", errReply)
		}
		return nil
	}
	sum := hmac.New(md5.New, secret)
	sum.Write(signed)
	if !hmac.Equal(sum.Sum(nil), found) {
		return fmt.Errorf("%w: its Message-Authenticator is wrong", errReply)
	}
	return nil
}
