package access_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
)

func TestSecondDeviceAndReplacing(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	pass, first, codes := w.selfEnrolled("alice")
	e := w.enroller()
	begun, err := e.Begin(t.Context(), w.proven(pass, codes[0]), "", browser)
	w.must(err)
	second := w.secretOf(begun)
	code := codeOf(w, second, 0)
	for label, want := range map[string]access.EnrollmentFault{"phone": access.FaultLabelTaken, "a\x00b": access.FaultLabel, strings.Repeat("x", 65): access.FaultLabel} {
		_, err := e.Confirm(t.Context(), begun, code, label, browser)
		w.fault(err, want)
	}
	c, err := e.Confirm(t.Context(), begun, code, "tablet", browser)
	w.must(err)
	if c.RecoveryCodes != nil {
		t.Error("recovery codes were made although some are left")
	}
	// The old pass ended with the epoch.
	_, err = e.Standing(t.Context(), pass, browser)
	w.fault(err, access.FaultSession)

	replacing, err := e.Begin(t.Context(), w.proven(c.Pass, codes[1]), "phone", browser)
	w.must(err)
	third := w.secretOf(replacing)
	c, err = e.Confirm(t.Context(), replacing, codeOf(w, third, 0), "", browser)
	w.must(err)
	account, _, err := w.store.Account(t.Context(), "alice")
	w.must(err)
	if len(account.Devices) != 2 || c.Label != "phone" {
		t.Errorf("%d devices, the new one is %q", len(account.Devices), c.Label)
	}
	w.clock.Add(time.Minute)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), codeOf(w, first, 0)), access.Challenge, access.CodeWrong)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), codeOf(w, third, 0)), access.Accept, access.TOTPAccepted)
	_, err = e.Begin(t.Context(), w.proven(c.Pass, codes[2]), "none", browser)
	w.fault(err, access.FaultNoDevice)
	if said := w.told(); said != "alice device_added, alice device_added, alice device_replaced" {
		t.Errorf("told %q", said)
	}
}

func TestTooManyDevices(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	pass, _, codes := w.selfEnrolled("alice")
	begun, err := w.enroller().Begin(t.Context(), w.proven(pass, codes[0]), "", browser)
	w.must(err)
	code := codeOf(w, w.secretOf(begun), 0)
	_, invitedTooLate := w.signedInByTicket("alice")
	for n := range 4 {
		w.addDevice("alice", totp.FormatSecret(append([]byte{byte(n << 5)}, "1234567890123456789"...)))
	}
	_, err = w.enroller().Confirm(t.Context(), begun, code, "sixth", browser)
	w.fault(err, access.FaultSession) // each change voided it
	if invitedTooLate == "" {
		t.Error("no ticket")
	}
	_, _, err = w.accounts.Invite(t.Context(), admin, "alice", time.Hour, false)
	w.wantRefusal(err, access.RefusedRule, "devices")
	_, err = w.enroller().Begin(t.Context(), w.proven(w.signedIn("alice", codes[1]), codes[2]), "", browser)
	w.fault(err, access.FaultTooMany)
}

// Removing the last device is for sites that don't enforce, at no client.
func TestRemoveDevice(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	pass, _, codes := w.selfEnrolled("alice")
	e := w.enroller()
	remove := func(code string) error {
		next, err := e.RemoveDevice(t.Context(), w.proven(pass, code), "phone", browser)
		if err == nil {
			pass = next
		}
		return err
	}
	w.fault(remove(codes[0]), access.FaultMayNotRemove)
	w.settings.Policy.Require, w.settings.EnforcedSomewhere = false, true
	w.gate.Set(w.settings)
	w.fault(remove(codes[1]), access.FaultMayNotRemove)
	w.settings.EnforcedSomewhere = false
	w.gate.Set(w.settings)
	w.must(w.accounts.SetPolicy(t.Context(), admin, "alice", own(w, store.PolicyRequired)))
	w.fault(remove(codes[2]), access.FaultMayNotRemove)
	w.must(w.accounts.SetPolicy(t.Context(), admin, "alice", own(w, store.PolicyDefault)))
	w.must(remove(codes[3]))
	account, _, err := w.store.FullAccount(t.Context(), "alice")
	w.must(err)
	if len(account.Devices) != 0 || account.RecoveryCodes != 0 || account.ResetAt.IsZero() {
		t.Errorf("left %+v", account)
	}
	w.want(w.ask(challenge(), "alice", password), access.Accept, access.NotEnrolled)
	if _, err := e.Begin(t.Context(), pass, "", browser); err != nil { // of the own will, again
		t.Error(err)
	}
}

// Two browsers of one user enroll at once: the first to confirm ends the other.
func TestTwoEnrollmentsAtOnce(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	passes := make([]access.Pass, 6)
	codes := make([]string, len(passes))
	for i := range passes {
		pass, err := w.enroller().Begin(t.Context(), w.signedIn("alice"), "", browser)
		w.must(err)
		passes[i], codes[i] = pass, codeOf(w, w.secretOf(pass), 0)
	}
	// No pass confirms another's secret.
	_, err := w.enroller().Confirm(t.Context(), passes[0], codes[1], "", browser)
	w.fault(err, access.FaultCodeWrong)
	var won atomic.Int32
	var all sync.WaitGroup
	for i, pass := range passes {
		all.Go(func() {
			_, err := w.enroller().Confirm(t.Context(), pass, codes[i], "", browser)
			if err == nil {
				won.Add(1)
			} else if access.FaultOf(err) != access.FaultSession {
				t.Error(err)
			}
		})
	}
	all.Wait()
	account, _, err := w.store.Account(t.Context(), "alice")
	if err != nil || won.Load() != 1 || len(account.Devices) != 1 {
		t.Errorf("%d confirmed, %d devices, %v", won.Load(), len(account.Devices), err)
	}
}
