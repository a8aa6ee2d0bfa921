package access_test

import (
	"encoding/base64"
	"testing"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// What a fresh code left behind is for its epoch: a change in between voids it.
func TestProofOfAnEarlierEpoch(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	e := w.enroller()
	pass, _, codes := w.selfEnrolled("alice")
	early := w.proven(pass, codes[0])
	begun, err := e.Begin(t.Context(), w.proven(pass, codes[1]), "", browser)
	w.must(err)
	c, err := e.Confirm(t.Context(), begun, codeOf(w, w.secretOf(begun), 0), "tablet", browser)
	w.must(err)
	late := c.Pass
	late.Proof, late.Fresh = early.Proof, early.Fresh
	_, _, err = e.NewRecoveryCodes(t.Context(), late, browser)
	w.fault(err, access.FaultFresh)
}

// The State of a challenge is no fresh code: it says that the password was right.
func TestStateIsNoProof(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	pass, _, _ := w.selfEnrolled("alice")
	d := w.ask(page(), "alice", password)
	w.want(d, access.Challenge, access.CodeNeeded)
	octets, err := base64.RawURLEncoding.DecodeString(d.State)
	w.must(err)
	pass.Proof = octets[:16]
	_, _, err = w.enroller().NewRecoveryCodes(t.Context(), pass, browser)
	w.fault(err, access.FaultFresh)
}

// Who is exempt isn't asked at logins, and proves a device all the same.
func TestExemptProve(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	pass, _, codes := w.selfEnrolled("alice")
	w.must(w.accounts.SetPolicy(t.Context(), admin, "alice", own(w, store.PolicyExempt)))
	w.proven(pass, codes[0])
}

// A session has one enrollment: the earlier one's secret is void.
func TestBeganAgain(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	first, err := w.enroller().Begin(t.Context(), w.signedIn("alice"), "", browser)
	w.must(err)
	code := codeOf(w, w.secretOf(first), 0)
	second, err := w.enroller().Begin(t.Context(), first, "", browser)
	w.must(err)
	_, err = w.enroller().Confirm(t.Context(), first, code, "", browser)
	w.fault(err, access.FaultExpired)
	w.secretOf(second)
}
