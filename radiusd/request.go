package radiusd

import (
	"encoding/binary"
	"strconv"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"

	"vpn-otpd/radiusd/access"
)

// question makes what the gate is asked from an Access-Request. A reason says
// that the request can't be asked at all and is rejected here.
func (x *exchange) question(attributes radius.Attributes) (access.Request, access.Reason) {
	if reason := method(attributes); reason != "" {
		return access.Request{}, reason
	}
	name := text(attributes, rfc2865.UserName_Type)
	password, ok := x.peer.authenticator.password(attributes.Get(rfc2865.UserPassword_Type), x.packet.requestAuthenticator())
	if name == "" || !ok {
		return access.Request{}, access.RequestMalformed
	}
	return access.Request{
		Client:         x.peer.Client.Client,
		UserName:       name,
		Password:       password,
		State:          text(attributes, rfc2865.State_Type),
		SessionID:      text(attributes, rfc2866.AcctSessionID_Type),
		NASPort:        integer(attributes, rfc2865.NASPort_Type),
		NASIdentifier:  text(attributes, rfc2865.NASIdentifier_Type),
		CallingStation: text(attributes, rfc2865.CallingStationID_Type),
		Arrived:        x.arrived,
	}, ""
}

// method checks that the request names one user and carries one kind of
// credentials (RFC 2865 section 4.1), and that it is the one we know. It
// returns "" where that is so.
func method(attributes radius.Attributes) access.Reason {
	var names, states, passwords, chap, eap int
	for _, attribute := range attributes {
		switch attribute.Type {
		case rfc2865.UserName_Type:
			names++
		case rfc2865.State_Type:
			states++
		case rfc2865.UserPassword_Type:
			passwords++
		case rfc2865.CHAPPassword_Type:
			chap++
		case rfc2869.EAPMessage_Type:
			eap = 1 // one message in several attributes
		}
	}
	switch {
	case names != 1, states > 1, passwords+chap+eap != 1:
		return access.RequestMalformed
	case passwords == 0:
		return access.MethodUnsupported
	}
	return ""
}

// text returns the first attribute of a type as it stands, "" if there is none.
func text(attributes radius.Attributes, kind radius.Type) string {
	return radius.String(attributes.Get(kind))
}

// integer returns the first attribute of a type in decimal, "" if there is none
// or its length is invalid: then it counts as absent (RFC 8044 section 2.4).
func integer(attributes radius.Attributes, kind radius.Type) string {
	value := attributes.Get(kind)
	if len(value) != 4 {
		return ""
	}
	return strconv.FormatUint(uint64(binary.BigEndian.Uint32(value)), 10)
}
