package access

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vpn-otpd/store"
)

// OwnPolicy is the administrator's word on one user.
type OwnPolicy struct {
	Policy store.UserPolicy
	// Reason is why, at most MaxReason octets; "": none was given.
	Reason string
	// Until is its end; zero: it has none. An exemption has one.
	Until time.Time
}

// Bounds of what an administrator sets for one user.
const (
	MaxReason        = 200 // octets
	longestExemption = 366 * 24 * time.Hour
)

// ownPolicy is the user's own policy, as long as it holds.
func ownPolicy(account store.Account, now time.Time) store.UserPolicy {
	if !account.PolicyUntil.IsZero() && !account.PolicyUntil.After(now) {
		return store.PolicyDefault
	}
	return account.Policy
}

// SetPolicy sets the user's own policy.
func (a *Accounts) SetPolicy(ctx context.Context, actor store.Actor, name string, own OwnPolicy) error {
	switch now := a.gate.now(); {
	case own.Policy != store.PolicyDefault && own.Policy != store.PolicyRequired && own.Policy != store.PolicyExempt:
		return refused(RefusedInvalid, "policy %q: it is default, required or exempt", own.Policy)
	case len(own.Reason) > MaxReason || !utf8.ValidString(own.Reason) || strings.ContainsFunc(own.Reason, unicode.IsControl):
		return refused(RefusedInvalid, "a reason is a text of at most %d octets without control characters", MaxReason)
	case own.Policy != store.PolicyExempt && !own.Until.IsZero():
		return refused(RefusedInvalid, "only an exemption has an end")
	case own.Policy == store.PolicyExempt && (!own.Until.After(now) || own.Until.After(now.Add(longestExemption))):
		return refused(RefusedInvalid, "an exemption ends within a year from now")
	}
	return a.change(ctx, actor, name, EventPolicySet, func(tx *store.Tx, account store.Account) (string, error) {
		if own.Policy == store.PolicyRequired && account.Policy == own.Policy && account.PolicyReason == own.Reason {
			return own.String(), nil // since when it holds counts
		}
		return own.String(), tx.SetPolicy(account.Name, own.Policy, own.Reason, own.Until)
	})
}

// String is what the audit record says.
func (o OwnPolicy) String() string {
	text := "policy=" + string(o.Policy)
	if !o.Until.IsZero() {
		text += " until=" + o.Until.UTC().Format(time.RFC3339)
	}
	if o.Reason != "" {
		text += " reason=" + strconv.Quote(o.Reason)
	}
	return text
}
