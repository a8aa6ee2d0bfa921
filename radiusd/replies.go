package radiusd

import (
	"slices"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/attribute"
)

// ReplyRule gives attributes to the accepts that it matches: all that is set has
// to. What is empty matches everybody.
type ReplyRule struct {
	Groups     []string // the user is in one of them, in upper or lower case
	Clients    []string // names
	Users      []string // canonical names
	Attributes []access.Attribute
	// Replaces are those of which nothing stays that came before.
	Replaces []attribute.Kind
}

// ReplyRoom is how many octets of attributes always fit into an accept, beside
// the header, the Message-Authenticator and the longest User-Name. Each Proxy-State
// of a request takes from it.
const ReplyRoom = 4096 - headerLength - (2 + authenticatorLength) - (2 + longestValue)

// Replies are the rules in the order of their file. They don't change.
type Replies struct{ rules []ReplyRule }

// NewReplies makes the replies of these rules.
func NewReplies(rules []ReplyRule) *Replies { return &Replies{slices.Clone(rules)} }

// Groups are all that some rule names.
func (r *Replies) Groups() []string {
	if r == nil {
		return nil
	}
	var groups []string
	for i := range r.rules {
		groups = append(groups, r.rules[i].Groups...)
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// For returns the attributes of an accept: those that the first factor told, then
// those of each rule that matches.
func (r *Replies) For(client string, decision access.Decision) []access.Attribute {
	list := slices.DeleteFunc(slices.Clone(decision.Attributes), ours)
	if r == nil {
		return list
	}
	for i := range r.rules {
		if rule := &r.rules[i]; rule.matches(client, decision) {
			list = append(without(list, rule.Replaces), rule.Attributes...)
		}
	}
	return list
}

func (r *ReplyRule) matches(client string, decision access.Decision) bool {
	return (len(r.Clients) == 0 || slices.Contains(r.Clients, client)) &&
		(len(r.Users) == 0 || slices.Contains(r.Users, decision.User)) &&
		(len(r.Groups) == 0 || slices.ContainsFunc(r.Groups, func(wanted string) bool {
			return slices.ContainsFunc(decision.Groups, func(group string) bool { return access.FoldGroup(group) == access.FoldGroup(wanted) })
		}))
}

// without leaves some kinds out, also where other attributes share a
// Vendor-Specific with them.
func without(list []access.Attribute, kinds []attribute.Kind) []access.Attribute {
	if len(kinds) == 0 {
		return list
	}
	unwanted := func(a access.Attribute) bool { return slices.Contains(kinds, attribute.KindOf(a)) }
	var kept []access.Attribute
	for _, a := range list {
		if parts := attribute.Parts(a); slices.ContainsFunc(parts, unwanted) {
			kept = append(kept, slices.DeleteFunc(parts, unwanted)...)
		} else {
			kept = append(kept, a)
		}
	}
	return kept
}

// ours are attributes that a first factor has no say in.
func ours(a access.Attribute) bool {
	const userName, replyMessage, state, proxyState, eapMessage, messageAuthenticator = 1, 18, 24, 33, 79, 80
	switch a.Type {
	case userName, replyMessage, state, proxyState, eapMessage, messageAuthenticator:
		return true
	}
	return false
}

// SetReplies replaces the rules for the attributes of accepts.
func (s *Server) SetReplies(replies *Replies) { s.replies.Store(replies) }
