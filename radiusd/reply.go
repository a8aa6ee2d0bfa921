package radiusd

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"vpn-otpd/radiusd/access"
)

// longestValue is the most octets that an attribute holds.
const longestValue = 253

var errTooLarge = errors.New("no reply fits beside what must be copied into it")

// compose writes the reply to a request, and returns the verdict it carries: a
// reply that can't be written down becomes a reject with nothing in it but what
// every reply has.
func (s *Server) compose(x *exchange, asked radius.Attributes, decision access.Decision) ([]byte, access.Verdict, error) {
	var code radius.Code
	var content radius.Attributes
	switch decision.Verdict {
	case access.Accept:
		code, content = radius.CodeAccessAccept, s.accept(x, decision)
	case access.Challenge:
		if decision.State == "" {
			return nil, "", errors.New("a challenge without a State")
		}
		code, content = radius.CodeAccessChallenge, s.challenge(x, decision)
	case access.Reject:
		code, content = radius.CodeAccessReject, s.reject(x, asked, decision)
	default:
		return nil, "", fmt.Errorf("unknown verdict %q", decision.Verdict)
	}
	reply, cause := x.encode(code, content, asked)
	if cause == nil {
		return reply, decision.Verdict, nil
	}
	reply, err := x.encode(radius.CodeAccessReject, nil, asked)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errTooLarge, err)
	}
	if decision.Verdict != access.Reject {
		s.logger.Error("an answer can't be written, a reject goes out in its place", "verdict", decision.Verdict, "decision", decision.ID,
			"client", x.peer.Name, "user", decision.User, "octets", octetsOf(content), "proxied_octets", proxiedOctets(asked), "error", cause)
	}
	return reply, access.Reject, nil
}

// octetsOf is what attributes take in a packet.
func octetsOf(content radius.Attributes) (octets int) {
	for _, a := range content {
		octets += 2 + len(a.Attribute)
	}
	return octets
}

// proxiedOctets is what the Proxy-States of a request take in its reply.
func proxiedOctets(asked radius.Attributes) int {
	return octetsOf(slices.DeleteFunc(slices.Clone(asked), func(a *radius.AVP) bool { return a.Type != rfc2865.ProxyState_Type }))
}

// accept names the user, but only to clients that authenticate their packets:
// to others nothing is sent that an attacker may have chosen. There is no text:
// portals take Reply-Message for permissions.
func (s *Server) accept(x *exchange, decision access.Decision) (content radius.Attributes) {
	if x.entry.verified && decision.User != "" {
		content.Add(rfc2865.UserName_Type, radius.Attribute(decision.User))
	}
	for _, a := range s.replies.Load().For(x.peer.Name, decision) {
		content.Add(radius.Type(a.Type), radius.Attribute(a.Value))
	}
	return content
}

func (s *Server) challenge(x *exchange, decision access.Decision) (content radius.Attributes) {
	content.Add(rfc2865.State_Type, radius.Attribute(decision.State))
	content = append(content, s.message(x, decision)...)
	content.Add(rfc2869.Prompt_Type, radius.NewInteger(uint32(rfc2869.Prompt_Value_NoEcho)))
	return content
}

// reject holds a text, or an EAP-Failure where EAP was asked for: never both
// (RFC 3579 section 2.6.5).
func (s *Server) reject(x *exchange, asked radius.Attributes, decision access.Decision) (content radius.Attributes) {
	if !x.packet.eap {
		return s.message(x, decision)
	}
	content.Add(rfc2869.EAPMessage_Type, eapFailure(asked))
	return content
}

// message is the text in as many attributes as it needs.
func (s *Server) message(x *exchange, decision access.Decision) (content radius.Attributes) {
	if s.options.Prompter == nil {
		return nil
	}
	text := s.options.Prompter.Text(x.peer.Prompt, decision)
	for text != "" {
		length := len(text)
		if length > longestValue {
			length = longestValue
			for length > longestValue-utf8.UTFMax && !utf8.RuneStart(text[length]) {
				length--
			}
		}
		content.Add(rfc2865.ReplyMessage_Type, radius.Attribute(text[:length]))
		text = text[length:]
	}
	return content
}

// eapFailure answers the EAP-Message of a request (RFC 3748 section 4.2): its
// identifier is that of the response it answers.
func eapFailure(asked radius.Attributes) radius.Attribute {
	const failure, length = 4, 4
	var message []byte
	for _, attribute := range asked {
		if attribute.Type == rfc2869.EAPMessage_Type {
			message = append(message, attribute.Attribute...)
		}
	}
	var identifier byte
	if len(message) >= 2 {
		identifier = message[1]
	}
	return radius.Attribute{failure, identifier, 0, length}
}

// encode writes a reply: first the Message-Authenticator, so that nothing an
// attacker chose precedes it, then its content, then each Proxy-State as it came.
// What answers an Accounting-Request has none: no RFC says how to compute it, and
// clients that check it do so in two ways.
func (x *exchange) encode(code radius.Code, content, asked radius.Attributes) ([]byte, error) {
	reply := radius.Packet{Code: code, Identifier: x.packet.identifier(), Authenticator: x.entry.authenticator}
	bare := x.packet.code() == radius.CodeAccountingRequest
	if !bare {
		reply.Add(rfc2869.MessageAuthenticator_Type, make(radius.Attribute, authenticatorLength))
	}
	reply.Attributes = append(reply.Attributes, content...)
	for _, attribute := range asked {
		if attribute.Type == rfc2865.ProxyState_Type {
			reply.Attributes = append(reply.Attributes, attribute)
		}
	}
	octets, err := reply.MarshalBinary()
	if err != nil {
		return nil, err
	}
	if bare {
		x.peer.authenticator.respond(octets)
		return octets, nil
	}
	return octets, x.peer.authenticator.sign(octets)
}
