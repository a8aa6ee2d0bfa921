package access

import (
	"net/netip"
	"time"

	"vpn-otpd/store"
)

// standing is what the policy asks of one user at one client.
type standing struct {
	asks     bool   // a code is asked, if the user has anything that makes one
	requires bool   // and who has nothing must enroll first
	reason   Reason // why not, where nothing is asked
	by       string // whose word it is
	rule     bool   // it is that of a rule
	// firstUses are the ways to enroll of all that may require it: one, where
	// everything is known that a rule goes by.
	firstUses []FirstUse
}

// standingOf finds the rule that holds. Disabled beats everything. Then the
// user's own policy counts, then the first rule that matches, then the client's
// policy, then the global one; a client that requires always beats every exemption.
func standingOf(settings *Settings, s subject, account store.Account) standing {
	global := []FirstUse{settings.FirstUse}
	if settings.Policy.Disabled() {
		return standing{reason: TwoFactorDisabled, by: "the global policy", firstUses: global}
	}
	general := generalStanding(settings, s)
	if len(general.firstUses) == 0 {
		general.firstUses = global
	}
	own := ownPolicy(account, s.now)
	switch {
	case general.reason == TwoFactorDisabled && !general.rule:
		return general
	case s.client.RequireAlways:
		return standing{asks: true, requires: true, by: "the client's require", firstUses: general.firstUses}
	case general.reason == TwoFactorDisabled:
		return general
	case own == store.PolicyExempt:
		return standing{reason: Exempt, by: "the user's own policy", firstUses: general.firstUses}
	case own == store.PolicyRequired:
		return standing{asks: true, requires: true, by: "the user's own policy", firstUses: general.firstUses}
	}
	return general
}

// generalStanding is what holds for everybody like this user: what the first
// rule says that holds, or a stricter one before it that may hold.
func generalStanding(settings *Settings, s subject) standing {
	var strictest standing
	for i := range settings.Rules {
		rule := &settings.Rules[i]
		if rule.Says == "" { // it is about the mode alone
			continue
		}
		switch rule.match(s) {
		case holds:
			return stricter(strictest, rule.standing(settings))
		case mayHold:
			strictest = stricter(strictest, rule.standing(settings))
		}
	}
	return stricter(strictest, lastStanding(settings, s))
}

// lastStanding is what holds where no rule does.
func lastStanding(settings *Settings, s subject) standing {
	policy, by := settings.Policy, "the global policy"
	if s.client.Policy != nil {
		policy, by = *s.client.Policy, "the client's policy"
	}
	last := standing{asks: true, requires: policy.Require, by: by}
	switch {
	case s.onPage && settings.EnforcedSomewhere:
		last.requires = true
	case policy.Disabled():
		return standing{reason: TwoFactorDisabled, by: by}
	}
	if !last.requires {
		last.reason = NotEnrolled
		return last
	}
	last.firstUses = []FirstUse{settings.FirstUse}
	return last
}

func (r *PolicyRule) standing(settings *Settings) standing {
	s := standing{by: "the rule " + r.Name, rule: true}
	switch r.Says {
	case TwoFactorRequired:
		s.asks, s.requires, s.firstUses = true, true, []FirstUse{r.FirstUse}
		if settings.FirstUse.How == "" { // there is no page
			s.firstUses = []FirstUse{settings.FirstUse}
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

// stricter is the stricter of two, the first where they are alike; how to enroll
// is what either says.
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
	firstUses := append(a.firstUses[:len(a.firstUses):len(a.firstUses)], b.firstUses...)
	if rank(b) > rank(a) {
		a = b
	}
	a.firstUses = firstUses
	return a
}

// firstUse is the way to enroll that counts: of several that may, the one that is
// closed to this user, else the one that leaves the least time.
func (s standing) firstUse(account store.Account, source netip.Addr, now time.Time) FirstUse {
	chosen := s.firstUses[0]
	for _, rule := range s.firstUses {
		switch {
		case rule.closed(account, source, now) != "":
			return rule
		case rule.grace(account, now).Before(chosen.grace(account, now)):
			chosen = rule
		}
	}
	return chosen
}

// modeAt is the client's mode, or that of the first rule which has one and matches.
func modeAt(settings *Settings, s subject) Mode {
	for i := range settings.Rules {
		if rule := &settings.Rules[i]; rule.Mode != "" && !s.onPage && rule.match(s) == holds {
			return rule.Mode
		}
	}
	return s.client.Mode
}
