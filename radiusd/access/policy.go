package access

import (
	"net/netip"
	"slices"
	"time"

	"vpn-otpd/store"
)

// TwoFactor is what a rule says of those it matches.
type TwoFactor string

const (
	TwoFactorOff      TwoFactor = "disabled" // nobody is asked
	TwoFactorOptional TwoFactor = "optional" // the enrolled are asked, the others pass
	TwoFactorRequired TwoFactor = "required" // the enrolled are asked, the others must enroll
	TwoFactorExempt   TwoFactor = "exempt"   // not asked, until an end and for a reason
)

// PolicyRule is one [[policy]]: what holds for whom. What is empty matches all.
type PolicyRule struct {
	Name           string
	Groups         []string // the user is in one of them
	Clients        []string // names
	NASIdentifiers []string
	Networks       []netip.Prefix // where the user connects from
	Begins, Ends   time.Time      // zero: always
	Says           TwoFactor
	Reason         string // of an exemption
	// FirstUse is who may enroll on the password alone, where the rule requires.
	FirstUse FirstUse
	// Mode replaces the client's, where it isn't "". Such a rule has no groups:
	// they are known only when the password field has been read.
	Mode Mode
}

// subject is whom and what a rule is held against.
type subject struct {
	client Client
	nas    string
	source netip.Addr
	groups []string
	now    time.Time
	// anywhere: the user is at no client, but on the page. What any rule that
	// could match says counts, the strictest of them.
	anywhere bool
}

// InForce reports whether the rule has begun and not ended.
func (r *PolicyRule) InForce(now time.Time) bool {
	return !r.Begins.After(now) && (r.Ends.IsZero() || r.Ends.After(now))
}

// holdsFor reports whether the rule is in force now for a user of these groups.
func (r *PolicyRule) holdsFor(s subject) bool {
	return r.InForce(s.now) && intersect(r.Groups, s.groups)
}

// bound reports whether the rule holds in some places only.
func (r *PolicyRule) bound() bool {
	return len(r.Clients) > 0 || len(r.NASIdentifiers) > 0 || len(r.Networks) > 0
}

func (r *PolicyRule) matches(s subject) bool {
	return r.holdsFor(s) &&
		(len(r.Clients) == 0 || slices.Contains(r.Clients, s.client.Name)) &&
		(len(r.NASIdentifiers) == 0 || slices.Contains(r.NASIdentifiers, s.nas)) &&
		(len(r.Networks) == 0 || contains(r.Networks, s.source))
}

// intersect reports whether one of the wanted is there; none is wanted: yes.
func intersect(wanted, there []string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(there, w) })
}

func contains(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address) })
}

// standing is what the policy asks of one user at one client.
type standing struct {
	asks     bool     // a code is asked, if the user has anything that makes one
	requires bool     // and who has nothing must enroll first
	reason   Reason   // why not, where nothing is asked
	by       string   // whose word it is
	rule     bool     // it is that of a rule
	firstUse FirstUse // how who must enroll may do so
}

// standingOf finds the rule that holds. Disabled beats everything. Then the
// user's own policy counts, then the first rule that matches, then the client's
// policy, then the global one; a client that requires always beats every exemption.
func standingOf(settings *Settings, s subject, account store.Account) standing {
	if settings.Policy.Disabled() {
		return standing{reason: TwoFactorDisabled, by: "the global policy", firstUse: settings.FirstUse}
	}
	general := generalStanding(settings, s)
	own := ownPolicy(account, s.now)
	switch {
	case general.reason == TwoFactorDisabled && !general.rule:
		return general
	case s.client.RequireAlways:
		return standing{asks: true, requires: true, by: "the client's require", firstUse: general.firstUse}
	case general.reason == TwoFactorDisabled:
		return general
	case own == store.PolicyExempt:
		return standing{reason: Exempt, by: "the user's own policy", firstUse: general.firstUse}
	case own == store.PolicyRequired:
		return standing{asks: true, requires: true, by: "the user's own policy", firstUse: general.firstUse}
	}
	return general
}

// generalStanding is what holds for everybody like this user.
func generalStanding(settings *Settings, s subject) standing {
	var strictest standing
	for i := range settings.Rules {
		rule := &settings.Rules[i]
		switch {
		case rule.Says == "": // it is about the mode alone
		case !s.anywhere && rule.matches(s):
			return rule.standing(settings)
		case s.anywhere && rule.holdsFor(s):
			strictest = stricter(strictest, rule.standing(settings))
			if !rule.bound() {
				return strictest
			}
		}
	}
	policy, by := settings.Policy, "the global policy"
	if s.client.Policy != nil {
		policy, by = *s.client.Policy, "the client's policy"
	}
	last := standing{asks: true, requires: policy.Require, by: by, firstUse: settings.FirstUse}
	switch {
	case s.anywhere && settings.EnforcedSomewhere:
		last.requires = true
	case policy.Disabled():
		last.asks, last.requires, last.reason = false, false, TwoFactorDisabled
	}
	if last.asks && !last.requires {
		last.reason = NotEnrolled
	}
	return stricter(strictest, last)
}

func (r *PolicyRule) standing(settings *Settings) standing {
	s := standing{by: "the rule " + r.Name, rule: true, firstUse: settings.FirstUse}
	switch r.Says {
	case TwoFactorRequired:
		s.asks, s.requires = true, true
		if settings.FirstUse.How != "" { // there is a page
			s.firstUse = r.FirstUse
		}
	case TwoFactorOptional:
		s.asks, s.reason = true, NotEnrolled
	case TwoFactorExempt:
		s.reason = Exempt
	default:
		s.reason = TwoFactorDisabled
	}
	return s
}

// mayAsk reports whether a user may be asked for a code, before the groups are known.
func mayAsk(settings *Settings, s subject, account store.Account) bool {
	for i := range settings.Rules {
		rule := settings.Rules[i]
		groups := rule.Groups
		rule.Groups = nil
		if len(groups) > 0 && rule.Says != "" && rule.matches(s) && rule.standing(settings).asks && !settings.Policy.Disabled() {
			return true
		}
	}
	return standingOf(settings, s, account).asks
}

// modeAt is the client's mode, or that of the first rule which has one and matches.
func modeAt(settings *Settings, s subject) Mode {
	for i := range settings.Rules {
		if rule := &settings.Rules[i]; rule.Mode != "" && !s.anywhere && rule.matches(s) {
			return rule.Mode
		}
	}
	return s.client.Mode
}

// stricter is the stricter of two; the first where they are alike.
func stricter(a, b standing) standing {
	rank := func(s standing) int {
		switch {
		case s.by == "":
			return 0
		case s.requires:
			return 4
		case s.asks:
			return 3
		case s.reason == Exempt:
			return 2
		}
		return 1
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}
