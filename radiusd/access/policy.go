package access

import "vpn-otpd/store"

// standing is what the policy asks of one user at one client.
type standing struct {
	asks     bool   // a code is asked, if the user has anything that makes one
	requires bool   // and who has nothing must enroll first
	reason   Reason // why not, where nothing is asked
	by       string // whose word it is
}

// standingOf finds the rule that holds. Disabled beats everything. Then the
// user's own policy counts, then the client's, then the global one; a client
// that requires always beats every exemption.
func standingOf(settings *Settings, client Client, account store.Account) standing {
	policy, by := settings.Policy, "the global policy"
	if client.Policy != nil && !policy.Disabled() {
		policy, by = *client.Policy, "the client's policy"
	}
	switch {
	case policy.Disabled():
		return standing{reason: TwoFactorDisabled, by: by}
	case client.RequireAlways:
		return standing{asks: true, requires: true, by: "the client's require"}
	case account.Policy == store.PolicyExempt:
		return standing{reason: Exempt, by: "the user's own policy"}
	case account.Policy == store.PolicyRequired:
		return standing{asks: true, requires: true, by: "the user's own policy"}
	case policy.Require:
		return standing{asks: true, requires: true, by: by}
	}
	return standing{asks: true, reason: NotEnrolled, by: by}
}
