package access_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// What is closed while a first use waits stays closed to it.
func TestFirstUseClosedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, close := range map[string]func(*world){
		"by invitation": func(w *world) { w.settings.FirstUse.How = access.FirstUseInvitation },
		"other network": inNetworks("10.0.0.0/8"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := firstUse(t)
			d := w.begun(challenge(), "alice")
			pass := w.opened(d.Ticket, access.Pass{})
			session, err := w.enroller().Begin(t.Context(), w.signedIn("alice"), "", browser)
			w.must(err)
			code, own := codeOf(w, w.secretOf(pass), 0), codeOf(w, w.secretOf(session), 0)
			close(w)
			w.gate.Set(w.settings)
			w.want(w.answer(challenge(), "alice", d.State, code), access.Reject, access.EnrollmentClosed)
			_, err = w.enroller().Confirm(t.Context(), session, own, "", browser)
			w.fault(err, access.FaultClosed)
		})
	}
}

// The answer must come from an open network too; clients that leave the address
// out when they answer have said it before.
func TestFirstUseAnsweredFromElsewhere(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	inNetworks("10.0.0.0/8")(w)
	w.gate.Set(w.settings)
	ask := func(field, state, from string) access.Decision {
		return w.check(access.Request{Client: challenge(), UserName: "alice", Password: []byte(field), State: state, CallingStation: from})
	}
	d := ask(password, "", "10.1.1.1")
	code := codeOf(w, w.secretOf(w.opened(d.Ticket, access.Pass{})), 0)
	w.want(ask(code, d.State, "203.0.113.9"), access.Reject, access.EnrollmentClosed)
	d = ask(password, "", "10.1.1.1")
	w.want(ask(code, d.State, ""), access.Accept, access.FirstUseAccepted)
}

// Guesses at a new device's codes lock and raise the alarm as any others.
func TestFirstUseGuesses(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	secret := w.secretOf(w.opened(d.Ticket, access.Pass{}))
	for n := range 5 {
		d = w.answer(challenge(), "alice", d.State, codeOf(w, secret, 100+n))
	}
	w.want(d, access.Reject, access.Locked)
	alarms := 0
	for _, r := range w.records("alice") {
		if r.Event == access.EventAlarm {
			alarms++
		}
	}
	if alarms != 1 {
		t.Errorf("%d alarms", alarms)
	}
	d = w.ask(challenge(), "alice", password)
	w.want(d, access.Challenge, access.Locked)
	d = w.answer(challenge(), "alice", d.State, codeOf(w, secret, 0))
	w.want(d, access.Challenge, access.LockedCodeRight)
	w.want(w.answer(challenge(), "alice", d.State, codeOf(w, secret, 3)), access.Challenge, access.Locked)
	w.must(w.accounts.Unlock(t.Context(), admin, "alice"))
	w.want(w.answer(challenge(), "alice", w.begun(challenge(), "alice").State, codeOf(w, secret, 0)), access.Accept, access.FirstUseAccepted)
}

// So do guesses at the helpdesk's code.
func TestFirstUseGuessesOfTemporaryCodes(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	_, _, err := w.accounts.GiveCode(t.Context(), admin, "alice", time.Hour, 1, false)
	w.must(err)
	w.answer(challenge(), "alice", d.State, "bcdfg-hjkmn")
	account, _, err := w.store.Account(t.Context(), "alice")
	if w.must(err); account.Lock.Failures != 1 {
		t.Errorf("%d failures", account.Lock.Failures)
	}
}

// A code that was confirmed on the page counts, after its time, only for a login
// that was waiting then.
func TestConfirmedForALaterLogin(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	first := w.begun(challenge(), "alice")
	pass := w.opened(first.Ticket, access.Pass{})
	code := codeOf(w, w.secretOf(pass), 0)
	_, err := w.enroller().Confirm(t.Context(), pass, code, "", browser)
	w.must(err)
	w.clock.Add(time.Second)
	later := w.begun(challenge(), "alice")
	w.clock.Add(8 * time.Minute)
	later = w.answer(challenge(), "alice", later.State, code)
	w.want(later, access.Challenge, access.EnrollmentWrong)
	w.want(w.answer(challenge(), "alice", later.State, code), access.Challenge, access.EnrollmentWrong)
	w.want(w.answer(challenge(), "alice", first.State, code), access.Accept, access.FirstUseAccepted)
}

// Logins again and again don't keep one secret alive for ever.
func TestFirstUseLongest(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	first := d.Ticket
	for range 2 {
		w.clock.Add(9 * time.Minute)
		if d = w.begun(challenge(), "alice"); d.Ticket != first {
			t.Fatal("another ticket too early")
		}
	}
	w.clock.Add(9 * time.Minute)
	if d = w.begun(challenge(), "alice"); d.Ticket == first {
		t.Error("the first ticket after 27 minutes")
	}
}

// A directory's user who is deleted brings no old session back to life.
func TestDeletedDirectoryUser(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	thief := w.signedIn("muller")
	d := w.begun(challenge(), "muller")
	w.want(w.answer(challenge(), "muller", d.State, codeOf(w, w.secretOf(w.opened(d.Ticket, access.Pass{})), 0)), access.Accept, access.FirstUseAccepted)
	w.must(w.accounts.DeleteUser(t.Context(), admin, "müller"))
	_, err := w.enroller().Begin(t.Context(), thief, "", browser)
	w.fault(err, access.FaultSession)
	if said := w.told(); said != "müller device_added, müller user_deleted" {
		t.Errorf("told %q", said)
	}
}

// That a directory's user was seen doesn't begin a deadline.
func TestSeenIsNoStart(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	deadline(-time.Hour)(w)
	w.settings.FirstUse.Since = w.clock.Now().Add(-15 * 24 * time.Hour)
	w.gate.Set(w.settings)
	w.signedIn("muller")
	w.want(w.ask(challenge(), "muller", password), access.Reject, access.EnrollmentClosed)
	for _, policy := range []store.UserPolicy{store.PolicyDefault, store.PolicyExempt, store.PolicyDefault} { // and neither does that
		w.must(w.accounts.SetPolicy(t.Context(), admin, "alice", own(w, policy)))
	}
	w.want(w.ask(challenge(), "alice", password), access.Reject, access.EnrollmentClosed)
}

// A session that began on the password alone ends where a code is asked.
func TestUnprovenSession(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	on := w.settings.Policy
	w.settings.Policy = access.Policy{}
	w.gate.Set(w.settings)
	pass := w.signedIn("alice")
	if _, err := w.enroller().Standing(t.Context(), pass, browser); err != nil {
		t.Error(err)
	}
	w.settings.Policy = on
	w.gate.Set(w.settings)
	_, err := w.enroller().Standing(t.Context(), pass, browser)
	w.fault(err, access.FaultSession)
	_, _, err = w.enroller().Prove(t.Context(), pass, w.code(0), browser)
	w.fault(err, access.FaultSession)
	if _, err := w.enroller().Standing(t.Context(), w.signedIn("alice", w.code(0)), browser); err != nil {
		t.Error(err)
	}
}

// One fresh code makes one change, also of two requests at once.
func TestFreshCodeOnce(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	pass, _, codes := w.selfEnrolled("alice")
	e := w.enroller()
	fresh := w.proven(pass, codes[0])
	_, _, err := e.NewRecoveryCodes(t.Context(), fresh, browser)
	w.must(err)
	_, err = e.Begin(t.Context(), fresh, "phone", browser)
	w.fault(err, access.FaultFresh)
	_, err = e.RemoveDevice(t.Context(), fresh, "phone", browser)
	w.fault(err, access.FaultFresh)
	// Nobody else's proof counts.
	bob, _, codes := w.selfEnrolled("bob")
	foreign := w.proven(bob, codes[0])
	foreign.User, foreign.Epoch = pass.User, pass.Epoch
	_, err = e.Begin(t.Context(), foreign, "phone", browser)
	w.fault(err, access.FaultFresh)
	// And it is no State of a login.
	fresh = w.proven(bob, codes[1])
	w.want(w.answer(challenge(), "bob", string(fresh.Proof), codes[2]), access.Reject, access.StateInvalid)
}

// A repeat of an answer gets its verdict again also where the directory calls the
// user otherwise.
func TestRepeatOfAMappedName(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	_, err := w.accounts.AddUser(t.Context(), admin, "müller", nil)
	w.must(err)
	w.addDevice("müller", otherSecret)
	login := access.Request{Client: challenge(), UserName: "muller", Password: []byte(codeOf(w, otherSecret, 0)), State: w.challenged(challenge(), "muller"), SessionID: "s1"}
	w.want(w.check(login), access.Accept, access.TOTPAccepted)
	w.want(w.check(login), access.Accept, access.TOTPAccepted)
	w.must(w.accounts.Reset(t.Context(), admin, "müller"))
	w.want(w.check(login), access.Reject, access.StateUnknown)
}

// A stolen phone doesn't come back with a repeated import.
func TestImportAfterReset(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	w.imports(false, imported("alice", secret))
	w.must(w.accounts.Reset(t.Context(), admin, "alice"))
	w.clock.Add(48 * time.Hour)
	report := w.imports(false, imported("alice", secret))
	if report.Devices != 0 || !strings.Contains(skipped(report), "was reset") {
		t.Errorf("imported %+v", report)
	}
}

// At a client that requires always there is no grace, and nothing says so.
func TestNoGraceIsTold(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	deadline(time.Hour)(w)
	w.gate.Set(w.settings)
	always := challenge()
	always.RequireAlways = true
	if d := w.begun(always, "alice"); !d.EnrollBy.IsZero() {
		t.Errorf("told to enroll by %v", d.EnrollBy)
	}
	x, err := w.accounts.Explain(t.Context(), "alice", always, netip.Addr{})
	w.must(err)
	for _, r := range x.Rules {
		if r.Found == "not due" {
			t.Errorf("explained as %+v", r)
		}
	}
}

// Tries of tickets fill the counts of refusals and not the log.
func TestTicketTriesFillNoLog(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	for n := range 300 {
		w.enroller().OpenTicket(t.Context(), "3333-33"+string("3479ACDEFG"[n%10])+string("3479ACDEFG"[n/10%10]), access.Pass{}, browser)
	}
	if lines := strings.Count(w.log.String(), "\n"); lines != 0 {
		t.Errorf("%d lines", lines)
	}
}
