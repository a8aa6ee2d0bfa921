package access_test

import (
	"testing"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// alice has a device, bob has none. The table is the whole of the policy.
func TestPolicy(t *testing.T) {
	totp := []string{access.MethodTOTP}
	disabled, optional, enforcing := access.Policy{}, access.Policy{Methods: totp}, access.Policy{Methods: totp, Require: true}
	always := func(c *access.Client) { c.RequireAlways = true }
	with := func(p access.Policy) func(*access.Client) { return func(c *access.Client) { c.Policy = &p } }
	for _, test := range []struct {
		name    string
		global  access.Policy
		own     store.UserPolicy
		client  func(*access.Client)
		user    string
		verdict access.Verdict
		reason  access.Reason
	}{
		{"disabled, enrolled", disabled, "", nil, "alice", access.Accept, access.TwoFactorDisabled},
		{"disabled, not enrolled", disabled, "", nil, "bob", access.Accept, access.TwoFactorDisabled},
		{"disabled beats required", disabled, store.PolicyRequired, nil, "alice", access.Accept, access.TwoFactorDisabled},
		{"disabled beats always", disabled, "", always, "bob", access.Accept, access.TwoFactorDisabled},
		{"disabled beats the client", disabled, "", with(enforcing), "alice", access.Accept, access.TwoFactorDisabled},
		{"optional, enrolled", optional, "", nil, "alice", access.Challenge, access.CodeNeeded},
		{"optional, not enrolled", optional, "", nil, "bob", access.Accept, access.NotEnrolled},
		{"optional, exempt", optional, store.PolicyExempt, nil, "alice", access.Accept, access.Exempt},
		{"optional, required", optional, store.PolicyRequired, nil, "bob", access.Reject, access.EnrollmentRequired},
		{"optional, always", optional, "", always, "bob", access.Reject, access.EnrollmentRequired},
		{"enforced, enrolled", enforcing, "", nil, "alice", access.Challenge, access.CodeNeeded},
		{"enforced, not enrolled", enforcing, "", nil, "bob", access.Reject, access.EnrollmentRequired},
		{"enforced, exempt", enforcing, store.PolicyExempt, nil, "bob", access.Accept, access.Exempt},
		{"always beats exempt", enforcing, store.PolicyExempt, always, "bob", access.Reject, access.EnrollmentRequired},
		{"always beats exempt, enrolled", enforcing, store.PolicyExempt, always, "alice", access.Challenge, access.CodeNeeded},
		{"client disables", enforcing, "", with(disabled), "alice", access.Accept, access.TwoFactorDisabled},
		{"client makes optional", enforcing, "", with(optional), "bob", access.Accept, access.NotEnrolled},
		{"client enforces", optional, "", with(enforcing), "bob", access.Reject, access.EnrollmentRequired},
		{"the user's own beats the client's", optional, store.PolicyExempt, with(enforcing), "bob", access.Accept, access.Exempt},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.addDevice("alice", secret)
			w.settings.Policy = test.global
			w.gate.Set(w.settings)
			if test.own != "" {
				w.must(w.accounts.SetPolicy(t.Context(), admin, test.user, own(w, test.own)))
			}
			client := challenge()
			if test.client != nil {
				test.client(&client)
			}
			w.want(w.ask(client, test.user, password), test.verdict, test.reason)
		})
	}
}

// The default is off: nobody is asked.
func TestDefaultIsDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addDevice("alice", secret)
	w.want(w.ask(challenge(), "alice", password), access.Accept, access.TwoFactorDisabled)
	w.want(w.ask(appended(), "alice", password), access.Accept, access.TwoFactorDisabled)
}

// Switched off and on again, the enrolled are asked as before.
func TestSecretsOutliveDisabling(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	on := w.settings.Policy
	w.settings.Policy = access.Policy{}
	w.gate.Set(w.settings)
	w.want(w.ask(challenge(), "alice", password), access.Accept, access.TwoFactorDisabled)
	w.settings.Policy = on
	w.gate.Set(w.settings)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), w.code(0)), access.Accept, access.TOTPAccepted)
}

func TestDisabledUser(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.must(w.accounts.SetDisabled(t.Context(), admin, "alice", true))
	w.want(w.ask(challenge(), "alice", password), access.Reject, access.UserDisabled)
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Reject, access.UserDisabled)
	w.settings.Policy = access.Policy{}
	w.gate.Set(w.settings)
	w.want(w.ask(challenge(), "alice", password), access.Reject, access.UserDisabled)
	w.must(w.accounts.SetDisabled(t.Context(), admin, "alice", false))
	w.want(w.ask(challenge(), "alice", password), access.Accept, access.TwoFactorDisabled)
}

// In mode code nothing of ours verifies who isn't asked.
func TestCodeModeAcceptsOnlyVerifiedCodes(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	passing := codeOnly()
	passing.PassUnenrolled = true
	optional := access.Policy{Methods: []string{access.MethodTOTP}}
	for _, test := range []struct {
		policy access.Policy
		own    store.UserPolicy
		user   string
		reason access.Reason
	}{
		{access.Policy{}, "", "alice", access.TwoFactorDisabled},
		{access.Policy{}, "", "nobody knows", access.TwoFactorDisabled},
		{optional, "", "bob", access.NotEnrolled},
		{optional, store.PolicyExempt, "bob", access.Exempt},
	} {
		w.settings.Policy = test.policy
		w.gate.Set(w.settings)
		if test.own != "" {
			w.must(w.accounts.SetPolicy(t.Context(), admin, test.user, own(w, test.own)))
		}
		w.want(w.ask(codeOnly(), test.user, "anything"), access.Reject, access.UnverifiedRefused)
		w.want(w.ask(passing, test.user, "anything"), access.Accept, test.reason)
	}
}
