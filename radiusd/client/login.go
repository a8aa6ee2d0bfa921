package client

import (
	"context"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
)

// The answers to a login.
const (
	Accept    = radius.CodeAccessAccept
	Reject    = radius.CodeAccessReject
	Challenge = radius.CodeAccessChallenge
)

// Exchange asks one request on a socket of its own.
func Exchange(ctx context.Context, server Server, request Request) (*Reply, error) {
	conn, err := Dial(ctx, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.Exchange(ctx, request)
}

// Login is one user's login to a server, challenges included. Fields that are
// empty are left out of its requests.
type Login struct {
	Conn                        *Conn
	User                        string
	NASIdentifier               string
	CallingStation              string            // Calling-Station-Id
	Session                     string            // Acct-Session-Id
	Attributes                  radius.Attributes // further ones, sent last and as they stand
	WithoutMessageAuthenticator bool

	state []byte
}

// Resume goes on from a challenge that was got before, by its State: the next
// field is the answer to it.
func (l *Login) Resume(state []byte) { l.state = state }

// Answer sends the password, and after a challenge the answer to it, with the
// challenge's State. After an accept or a reject the next login begins.
func (l *Login) Answer(ctx context.Context, field []byte) (*Reply, error) {
	if field == nil {
		field = []byte{}
	}
	reply, err := l.Conn.Exchange(ctx, Request{
		Code: radius.CodeAccessRequest, Attributes: l.attributes(), Password: field,
		WithoutMessageAuthenticator: l.WithoutMessageAuthenticator,
	})
	if err != nil {
		return nil, err
	}
	l.state = nil // an accept's State means something else (RFC 2865, section 5.24)
	if reply.Code == radius.CodeAccessChallenge {
		l.state = reply.State()
	}
	return reply, nil
}

func (l *Login) attributes() (attributes radius.Attributes) {
	for _, a := range []struct {
		kind  radius.Type
		value string
	}{
		{rfc2865.UserName_Type, l.User},
		{rfc2865.NASIdentifier_Type, l.NASIdentifier},
		{rfc2865.CallingStationID_Type, l.CallingStation},
		{rfc2866.AcctSessionID_Type, l.Session},
		{rfc2865.State_Type, string(l.state)},
	} {
		if a.value != "" {
			attributes.Add(a.kind, radius.Attribute(a.value))
		}
	}
	return append(attributes, l.Attributes...)
}

// Status asks whether the server is alive (RFC 5997).
func Status(ctx context.Context, conn *Conn) (*Reply, error) {
	return conn.Exchange(ctx, Request{Code: radius.CodeStatusServer})
}
