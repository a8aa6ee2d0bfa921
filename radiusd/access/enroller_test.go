package access_test

import (
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

func page() access.Client {
	return access.Client{Name: access.WebClient, Mode: access.ModeWeb, RequireAlways: true}
}

// signedIn is the pass of a user who signed in on the page with the password,
// and with a code where one is asked.
func (w *world) signedIn(user string, codes ...string) access.Pass {
	w.Helper()
	d := w.ask(page(), user, password)
	if len(codes) > 0 {
		w.want(d, access.Challenge, access.CodeNeeded)
		d = w.answer(page(), user, d.State, codes[0])
	}
	if d.Verdict != access.Accept {
		w.Fatalf("signing in: %+v", d)
	}
	return access.PassOf(d)
}

// selfEnrolled enrolls a user on the page and returns the pass after it, the
// secret and the recovery codes.
func (w *world) selfEnrolled(user string) (access.Pass, string, []string) {
	w.Helper()
	pass, err := w.enroller().Begin(w.Context(), w.signedIn(user), "", browser)
	w.must(err)
	secret := w.secretOf(pass)
	c, err := w.enroller().Confirm(w.Context(), pass, codeOf(w, secret, 0), "phone", browser)
	w.must(err)
	return c.Pass, secret, c.RecoveryCodes
}

// proven is a pass with a fresh code.
func (w *world) proven(pass access.Pass, code string) access.Pass {
	w.Helper()
	pass, d, err := w.enroller().Prove(w.Context(), pass, code, browser)
	w.must(err)
	if d.Verdict != access.Accept {
		w.Fatalf("proving: %s", d.Reason)
	}
	return pass
}

func TestSelfEnrollment(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	pass, secret, codes := w.selfEnrolled("alice")
	if len(codes) != access.RecoveryCodeCount || pass.Enrollment != nil {
		t.Errorf("%d codes, pass %+v", len(codes), pass)
	}
	standing, err := w.enroller().Standing(t.Context(), pass, browser)
	w.must(err)
	if len(standing.Account.Devices) != 1 || standing.Account.RecoveryCodes != 10 || standing.MayRemove || standing.Policy != access.StandingEnforced {
		t.Errorf("stands %+v", standing)
	}
	if len(standing.Records) == 0 || standing.Records[0].Event != access.EventDeviceAdded || standing.Records[0].CallingStation != browser.String() {
		t.Errorf("records %+v", standing.Records)
	}
	// The code that confirmed is spent.
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), codeOf(w, secret, 0)), access.Challenge, access.CodeUsed)
	w.want(w.answer(page(), "alice", w.ask(page(), "alice", password).State, codeOf(w, secret, 0)), access.Challenge, access.CodeUsed)
	// A recovery code lets in once.
	w.want(w.answer(page(), "alice", w.ask(page(), "alice", password).State, codes[0]), access.Accept, access.RecoveryAccepted)
	w.want(w.answer(page(), "alice", w.ask(page(), "alice", password).State, codes[0]), access.Challenge, access.CodeWrong)
	if said := w.told(); said != "alice device_added" {
		t.Errorf("told %q", said)
	}
	w.storeHasNot(secret, codes[3])
}

// Signing in on the page is no login: only the page's client gets it, and the
// enrolled are asked for a code there, exempt or not.
func TestSignInOnThePage(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	w.want(w.ask(page(), "alice", password), access.Accept, access.SignedIn)
	w.want(w.ask(page(), "alice", "wrong"), access.Reject, access.PasswordWrong)
	w.addDevice("alice", secret)
	w.must(w.accounts.SetPolicy(t.Context(), admin, "alice", own(w, store.PolicyExempt)))
	d := w.ask(page(), "alice", password)
	w.want(d, access.Challenge, access.CodeNeeded)
	// The State of the page is none of a VPN's, and the other way round.
	w.want(w.answer(challenge(), "alice", d.State, w.code(0)), access.Reject, access.StateOtherClient)
	w.want(w.ask(challenge(), "alice", password), access.Accept, access.Exempt)
	w.must(w.accounts.SetPolicy(t.Context(), admin, "alice", own(w, store.PolicyDefault)))
	w.want(w.answer(page(), "alice", w.challenged(challenge(), "alice"), w.code(0)), access.Reject, access.StateOtherClient)
	// Wrong codes count as anywhere.
	for n := range 5 {
		d = w.ask(page(), "alice", password)
		w.answer(page(), "alice", d.State, w.wrong(n))
	}
	w.want(w.ask(challenge(), "alice", password), access.Challenge, access.Locked)
	w.must(w.accounts.SetDisabled(t.Context(), admin, "bob", true))
	w.want(w.ask(page(), "bob", password), access.Reject, access.UserDisabled)
	w.settings.Policy = access.Policy{}
	w.gate.Set(w.settings)
	w.want(w.ask(page(), "alice", password), access.Accept, access.TwoFactorDisabled)
}

// A device of the enrolled changes only with a fresh code, which is good for one
// change and for five minutes.
func TestFreshCode(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	pass, secret, codes := w.selfEnrolled("alice")
	e := w.enroller()
	refused := func(pass access.Pass, want access.EnrollmentFault) {
		t.Helper()
		_, err := e.Begin(t.Context(), pass, "", browser)
		w.fault(err, want)
		_, err = e.Begin(t.Context(), pass, "phone", browser)
		w.fault(err, want)
		_, _, err = e.NewRecoveryCodes(t.Context(), pass, browser)
		w.fault(err, want)
		_, err = e.RemoveDevice(t.Context(), pass, "phone", browser)
		w.fault(err, want)
	}
	refused(pass, access.FaultFresh)
	for reason, code := range map[access.Reason]string{access.CodeUsed: codeOf(w, secret, 0), access.CodeMalformed: "alice", access.CodeWrong: w.wrong(1)} {
		unproven, d, err := e.Prove(t.Context(), pass, code, browser)
		if err != nil || d.Verdict != access.Reject || d.Reason != reason || !unproven.Fresh.IsZero() {
			t.Errorf("%q proved %+v, %v", code, d, err)
		}
	}
	temporary, _, err := w.accounts.GiveCode(t.Context(), admin, "alice", time.Hour, 5, false)
	w.must(err)
	if _, d, err := e.Prove(t.Context(), pass, temporary, browser); err != nil || d.Verdict == access.Accept {
		t.Errorf("the helpdesk's code proved: %+v, %v", d, err)
	}
	fresh := w.proven(pass, codes[0])
	w.clock.Add(5 * time.Minute)
	refused(fresh, access.FaultFresh)
	fresh = w.proven(pass, codeOf(w, secret, 0))
	begun, err := e.Begin(t.Context(), fresh, "", browser)
	w.must(err)
	refused(begun, access.FaultFresh)
}

// signedInByTicket invites a user and opens the ticket.
func (w *world) signedInByTicket(user string) (access.Pass, string) {
	w.Helper()
	ticket, _, err := w.accounts.Invite(w.Context(), admin, user, time.Hour, false)
	w.must(err)
	return w.opened(ticket, access.Pass{}), ticket
}

// Where it is optional somewhere and enforced elsewhere, first use is limited on
// the page too, and nothing is asked where it is optional.
func TestEnforcedSomewhereLimitsThePage(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	w.settings.Policy.Require, w.settings.EnforcedSomewhere = false, true
	w.settings.FirstUse.How = access.FirstUseInvitation
	w.gate.Set(w.settings)
	_, err := w.enroller().Begin(t.Context(), w.signedIn("alice"), "", browser)
	w.fault(err, access.FaultClosed)
	w.want(w.ask(challenge(), "alice", password), access.Accept, access.NotEnrolled)
	w.settings.EnforcedSomewhere = false
	w.gate.Set(w.settings)
	if _, err := w.enroller().Begin(t.Context(), w.signedIn("alice"), "", browser); err != nil {
		t.Errorf("of the own will: %v", err)
	}
}

// An invitation enrolls without a password, also who is enrolled, and does
// nothing else.
func TestInvitation(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	w.settings.FirstUse.How = access.FirstUseInvitation
	w.gate.Set(w.settings)
	e := w.enroller()
	_, old := w.signedInByTicket("alice")
	pass, ticket := w.signedInByTicket("alice")
	_, err := e.OpenTicket(t.Context(), old, access.Pass{}, browser)
	w.fault(err, access.FaultTicketUnknown)
	_, err = e.Begin(t.Context(), pass, "", browser)
	w.fault(err, access.FaultSession)
	_, err = e.Standing(t.Context(), pass, browser)
	w.fault(err, access.FaultSession)
	_, _, err = e.Prove(t.Context(), pass, "123456", browser)
	w.fault(err, access.FaultSession)
	pass.Fresh = w.clock.Now().Add(time.Minute)
	_, _, err = e.NewRecoveryCodes(t.Context(), pass, browser)
	w.fault(err, access.FaultSession)

	first := w.secretOf(pass)
	w.clock.Add(11 * time.Minute) // the secret's time is over, the invitation's isn't
	_, err = e.Confirm(t.Context(), pass, codeOf(w, first, 0), "", browser)
	w.fault(err, access.FaultExpired)
	secret := w.secretOf(pass)
	if secret == first {
		t.Error("a secret whose time was over was shown again")
	}
	c, err := e.Confirm(t.Context(), pass, codeOf(w, secret, 0), "", browser)
	w.must(err)
	if c.Waiting || c.Pass.User != "" || len(c.RecoveryCodes) != 10 {
		t.Errorf("confirmed %+v", c)
	}
	for _, held := range []access.Pass{{}, pass} {
		_, err = e.OpenTicket(t.Context(), ticket, held, browser)
		w.fault(err, access.FaultTicketUnknown) // single-use
	}
	second, _ := w.signedInByTicket("alice")
	c, err = e.Confirm(t.Context(), second, codeOf(w, w.secretOf(second), 0), "spare", browser)
	if err != nil || c.Label != "spare" || c.RecoveryCodes != nil {
		t.Errorf("%+v, %v", c, err)
	}
	_, _, err = w.accounts.Invite(t.Context(), admin, "nobody", time.Hour, false)
	w.wantRefusal(err, access.RefusedMissing, "nobody")
	_, _, err = w.accounts.Invite(t.Context(), admin, "bob", 31*24*time.Hour, false)
	w.wantRefusal(err, access.RefusedInvalid, "between")
	_, _, err = w.accounts.Invite(t.Context(), admin, "alice", time.Hour, true)
	w.wantRefusal(err, access.RefusedRule, "is enrolled")
	_, _, err = w.accounts.Invite(t.Context(), admin, "bob", time.Hour, true)
	w.must(err)
	expiring, _, err := w.accounts.Invite(t.Context(), admin, "bob", 10*time.Minute, false)
	w.must(err)
	w.clock.Add(10 * time.Minute)
	_, err = e.OpenTicket(t.Context(), expiring, access.Pass{}, browser)
	w.fault(err, access.FaultTicketUnknown)
}

func TestConfirmFaults(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	pass, err := w.enroller().Begin(t.Context(), w.signedIn("alice"), "", browser)
	w.must(err)
	secret := w.secretOf(pass)
	right := codeOf(w, secret, 0)
	wrong := "000000"
	if strings.Contains(right+codeOf(w, secret, 1)+codeOf(w, secret, -1), wrong) {
		wrong = "111111"
	}
	for typed, want := range map[string]access.EnrollmentFault{
		"": access.FaultCodeMalformed, "12345": access.FaultCodeMalformed, "alice": access.FaultCodeMalformed, "bcdfg-hjkmn": access.FaultCodeMalformed,
		wrong: access.FaultCodeWrong, codeOf(w, secret, 2): access.FaultClock, codeOf(w, secret, -20): access.FaultClock,
	} {
		_, err := w.enroller().Confirm(t.Context(), pass, typed, "", browser)
		w.fault(err, want)
	}
	void := pass
	void.Epoch--
	for want, p := range map[access.EnrollmentFault]access.Pass{access.FaultSession: void, access.FaultExpired: {User: "alice", Epoch: pass.Epoch, Kind: pass.Kind, Enrollment: []byte("0123456789abcdef")}} {
		_, err := w.enroller().Confirm(t.Context(), p, right, "", browser)
		w.fault(err, want)
		_, err = w.enroller().Pending(t.Context(), p)
		w.fault(err, want)
	}
	_, err = w.enroller().Pending(t.Context(), access.Pass{})
	w.fault(err, access.FaultSession)
	w.clock.Add(10 * time.Minute)
	_, err = w.enroller().Confirm(t.Context(), pass, codeOf(w, secret, 0), "", browser)
	w.fault(err, access.FaultExpired)
}

// Recovery codes are made anew with a fresh code, and the old ones are void.
func TestNewRecoveryCodesByTheUser(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	pass, _, old := w.selfEnrolled("alice")
	pass, codes, err := w.enroller().NewRecoveryCodes(t.Context(), w.proven(pass, old[0]), browser)
	w.must(err)
	_, d, err := w.enroller().Prove(t.Context(), pass, old[1], browser)
	if err != nil || d.Reason != access.CodeWrong {
		t.Errorf("an old code: %s, %v", d.Reason, err)
	}
	w.proven(pass, codes[0])
}

// A page's sessions end with whatever an administrator changes.
func TestSessionsEndWithTheEpoch(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	for name, change := range map[string]func() error{
		"reset":    func() error { return w.accounts.Reset(t.Context(), admin, "alice") },
		"password": func() error { return w.accounts.SetPassword(t.Context(), admin, "alice", []byte("new password")) },
		"disabled": func() error { return w.accounts.SetDisabled(t.Context(), admin, "alice", true) },
		"enabled":  func() error { return w.accounts.SetDisabled(t.Context(), admin, "alice", false) },
		"deleted":  func() error { return w.accounts.DeleteUser(t.Context(), admin, "alice") },
		"disabled in the database": func() error {
			return w.store.Update(t.Context(), func(tx *store.Tx) error { return tx.SetDisabled("alice", true) })
		},
	} {
		w.must(w.accounts.SetDisabled(t.Context(), admin, "alice", false))
		pass := w.signedIn("alice")
		if _, err := w.enroller().Standing(t.Context(), pass, browser); err != nil {
			t.Fatal(err)
		}
		w.must(change())
		_, err := w.enroller().Standing(t.Context(), pass, browser)
		if w.fault(err, access.FaultSession); err == nil {
			t.Errorf("%s leaves the session", name)
		}
		if _, err := w.accounts.AddUser(t.Context(), admin, "alice", nil); err == nil {
			_, err := w.enroller().Standing(t.Context(), pass, browser)
			w.fault(err, access.FaultSession)
		}
	}
}
