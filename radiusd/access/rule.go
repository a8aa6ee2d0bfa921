package access

import (
	"net/netip"
	"slices"
	"strings"
	"time"
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
	Groups         []string // the user is in one of them; as [FoldGroup] writes them
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

// FoldGroup is the form in which groups are compared: directories don't tell
// upper from lower case, nor one way to write a letter from another.
func FoldGroup(group string) string { return fold(strings.TrimSpace(group)) }

// subject is whom and what a rule is held against.
type subject struct {
	client      Client
	nas         string
	source      netip.Addr
	groups      []string
	groupsKnown bool // these are all; else the user may be in any
	now         time.Time
	// onPage: the user is at no client, and may go to any.
	onPage bool
	// here: of a user on the page, only what holds where the browser is counts.
	here bool
}

// certainty is whether a rule holds for a subject.
type certainty int

const (
	holdsNot certainty = iota
	mayHold            // it depends on what isn't known
	holds
)

// InForce reports whether the rule has begun and not ended.
func (r *PolicyRule) InForce(now time.Time) bool {
	return !r.Begins.After(now) && (r.Ends.IsZero() || r.Ends.After(now))
}

// match holds the rule against a subject.
func (r *PolicyRule) match(s subject) certainty {
	if !r.InForce(s.now) {
		return holdsNot
	}
	return min(r.matchGroups(s), r.matchClient(s), r.matchNetwork(s))
}

func (r *PolicyRule) matchGroups(s subject) certainty {
	if len(r.Groups) > 0 && !s.groupsKnown {
		return mayHold
	}
	return certain(len(r.Groups) == 0 || slices.ContainsFunc(r.Groups, func(g string) bool { return slices.Contains(s.groups, g) }))
}

func (r *PolicyRule) matchClient(s subject) certainty {
	if s.onPage && (len(r.Clients) > 0 || len(r.NASIdentifiers) > 0) {
		return mayHold
	}
	return certain((len(r.Clients) == 0 || slices.Contains(r.Clients, s.client.Name)) &&
		(len(r.NASIdentifiers) == 0 || slices.Contains(r.NASIdentifiers, s.nas)))
}

func (r *PolicyRule) matchNetwork(s subject) certainty {
	if s.onPage && !s.here && len(r.Networks) > 0 {
		return mayHold
	}
	return certain(len(r.Networks) == 0 || slices.ContainsFunc(r.Networks, func(n netip.Prefix) bool { return n.Contains(s.source) }))
}

func certain(yes bool) certainty {
	if yes {
		return holds
	}
	return holdsNot
}
