package access_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// explained is the explanation of a login of alice's in words.
func (w *world) explained(client access.Client) (access.Explanation, string) {
	w.Helper()
	x, err := w.accounts.Explain(w.Context(), "Alice", client, netip.Addr{})
	w.must(err)
	var rules []string
	for _, r := range x.Rules {
		rules = append(rules, r.Name+": "+r.Found+" ("+r.Detail+")")
	}
	return x, strings.Join(rules, "\n")
}

// What is explained is what happens then, whatever the rules.
func TestExplainedAsDecided(t *testing.T) {
	t.Parallel()
	exempt := func(w *world) { w.must(w.accounts.SetPolicy(w.Context(), admin, "alice", own(w, store.PolicyExempt))) }
	enrolled := func(w *world) { w.addDevice("alice", secret) }
	always := challenge()
	always.RequireAlways = true
	optional := challenge()
	optional.Policy = &access.Policy{Methods: []string{access.MethodTOTP}}
	for name, c := range map[string]struct {
		prepare []func(*world)
		client  access.Client
		says    []string
	}{
		"new":              {nil, challenge(), []string{"account: known", "policy: required (by the global policy)", "never had a device", "first_use: open"}},
		"new, append":      {nil, appended(), []string{"first_use: open"}},
		"enrolled":         {[]func(*world){enrolled}, challenge(), []string{"1 of at most 5 devices", "lock: open (0 of 5 wrong codes)"}},
		"exempt":           {[]func(*world){enrolled, exempt}, challenge(), []string{"policy: exempt (by the user's own policy)"}},
		"exempt, always":   {[]func(*world){enrolled, exempt}, always, []string{"policy: required (by the client's require)"}},
		"optional":         {nil, optional, []string{"policy: optional (by the client's policy)"}},
		"reset":            {[]func(*world){wasEnrolled(25 * time.Hour)}, challenge(), []string{"first_use: closed (the time after the reset has passed"}},
		"grace":            {[]func(*world){deadline(time.Hour)}, challenge(), []string{"first_use: not due"}},
		"too late":         {[]func(*world){deadline(-time.Hour)}, challenge(), []string{"first_use: closed (the deadline"}},
		"another network":  {[]func(*world){inNetworks("10.0.0.0/8")}, challenge(), []string{"isn't known"}},
		"disabled account": {[]func(*world){func(w *world) { w.must(w.accounts.SetDisabled(w.Context(), admin, "alice", true)) }}, challenge(), []string{"account: disabled"}},
		"off":              {[]func(*world){func(w *world) { w.settings.Policy = access.Policy{} }}, challenge(), []string{"policy: two_factor_disabled (by the global policy)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := firstUse(t)
			for _, prepare := range c.prepare {
				prepare(w)
			}
			w.gate.Set(w.settings)
			x, rules := w.explained(c.client)
			for _, words := range c.says {
				if !strings.Contains(rules, words) {
					t.Errorf("%s\nhas not %q", rules, words)
				}
			}
			before := len(w.records("alice"))
			if _, _ = w.explained(c.client); len(w.records("alice")) != before {
				t.Error("explaining writes records")
			}
			d := w.ask(c.client, "alice", password)
			if x.Verdict != d.Verdict || x.Reason != d.Reason {
				t.Errorf("explained as %s %s, decided as %s %s", x.Verdict, x.Reason, d.Verdict, d.Reason)
			}
		})
	}
}

// The right code is explained too, and the lock that keeps it out.
func TestExplainedWithCode(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	x, _ := w.explained(challenge())
	if x.WithCode == nil || x.WithCode.Verdict != access.Accept || x.WithCode.Reason != access.TOTPAccepted {
		t.Errorf("with a code %+v", x.WithCode)
	}
	for n := range 5 {
		w.answer(challenge(), "alice", w.ask(challenge(), "alice", password).State, w.wrong(n))
	}
	x, rules := w.explained(challenge())
	if x.Reason != access.Locked || x.WithCode.Reason != access.LockedCodeRight || !strings.Contains(rules, "lock: locked (until ") {
		t.Errorf("%s, with a code %+v\n%s", x.Reason, x.WithCode, rules)
	}
	if len(x.Records) == 0 || x.Records[0].Decision == "" {
		t.Errorf("records %+v", x.Records)
	}
}

// A code of another time is recorded as such: the phone's clock is off. It is a
// wrong code all the same.
func TestDriftingPhone(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), w.code(4)), access.Challenge, access.CodeWrong)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), w.wrong(1)), access.Challenge, access.CodeWrong)
	var drifts int
	for _, r := range w.records("alice") {
		if strings.Contains(r.Detail, "clock=off") {
			drifts++
		}
	}
	if drifts != 1 {
		t.Errorf("%d codes of another time", drifts)
	}
}

func TestExplainUnknown(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	x, err := w.accounts.Explain(t.Context(), "nobody", challenge(), netip.Addr{})
	if err != nil || x.Rules[0].Found != "unknown" {
		t.Errorf("%+v, %v", x, err)
	}
	_, err = w.accounts.Explain(t.Context(), "\x00", challenge(), netip.Addr{})
	w.wantRefusal(err, access.RefusedInvalid, "name")
}
