package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// report is the whole report, one line a user, in pages of two.
func (w *world) report() (lines []string, totals access.RolloutTotals) {
	w.Helper()
	for after := ""; ; {
		part, err := w.accounts.Rollout(w.Context(), after, 2)
		w.must(err)
		for _, d := range part.Due {
			line := fmt.Sprintf("%s by %s", d.User, strings.TrimPrefix(d.By, "the "))
			if !d.Deadline.IsZero() {
				line += fmt.Sprintf(", %s left", d.Deadline.Sub(w.clock.Now()))
			}
			if d.Late {
				line += ", late"
			}
			if d.Closed != "" {
				line += ", closed: " + string(d.Closed)
			}
			if d.NoPage {
				line += ", no page"
			}
			lines = append(lines, line)
		}
		totals.Enrolled += part.Totals.Enrolled
		totals.Due += part.Totals.Due
		totals.Late += part.Totals.Late
		totals.Exempt += part.Totals.Exempt
		totals.NotRequired += part.Totals.NotRequired
		totals.Disabled += part.Totals.Disabled
		if after = part.Next; after == "" {
			return lines, totals
		}
	}
}

func (w *world) wantReport(want ...string) {
	w.Helper()
	if got, _ := w.report(); !slices.Equal(got, want) {
		w.Errorf("got  %q\nwant %q", got, want)
	}
}

// rollout is a world where two-factor is enforced since now, with a week to enroll.
func rollout(t *testing.T) *world {
	w := enforced(t)
	w.settings.FirstUse = access.FirstUse{How: access.FirstUseWeb, EnrollWithin: 7 * 24 * time.Hour, Since: w.clock.Now(), AfterReset: 24 * time.Hour}
	w.gate.Set(w.settings)
	return w
}

func TestRollout(t *testing.T) {
	t.Parallel()
	w := rollout(t)
	for _, name := range []string{"carol", "dave", "erin"} {
		_, err := w.accounts.AddUser(t.Context(), admin, name, nil)
		w.must(err)
	}
	w.must(w.accounts.SetPolicy(t.Context(), admin, "carol", own(w, store.PolicyExempt)))
	w.must(w.accounts.SetDisabled(t.Context(), admin, "dave", true))
	w.wantReport("bob by global policy, 168h0m0s left", "erin by global policy, 168h0m0s left")
	w.clock.Add(24 * time.Hour)
	w.must(w.accounts.SetPolicy(t.Context(), admin, "erin", own(w, store.PolicyRequired)))
	w.wantReport("bob by global policy, 144h0m0s left", "erin by user's own policy, 168h0m0s left")
	w.clock.Add(6 * 24 * time.Hour)
	w.wantReport("bob by global policy, 0s left, late, closed: deadline", "erin by user's own policy, 24h0m0s left")
	_, totals := w.report()
	if want := (access.RolloutTotals{Enrolled: 1, Due: 2, Late: 1, Exempt: 1, Disabled: 1}); totals != want {
		t.Errorf("%+v", totals)
	}
	w.addDevice("bob", secret)
	w.clock.Add(24 * 24 * time.Hour) // the exemption ends
	w.wantReport("carol by global policy, -576h0m0s left, late, closed: deadline", "erin by user's own policy, -552h0m0s left, late, closed: deadline")
	w.settings.Policy = access.Policy{}
	w.gate.Set(w.settings)
	_, totals = w.report()
	if want := (access.RolloutTotals{Enrolled: 2, NotRequired: 2, Disabled: 1}); totals != want {
		t.Errorf("switched off: %+v", totals)
	}
}

// After a reset another time counts.
func TestRolloutAfterReset(t *testing.T) {
	t.Parallel()
	w := rollout(t)
	w.must(w.accounts.SetPolicy(t.Context(), admin, "bob", own(w, store.PolicyExempt)))
	w.must(w.accounts.Reset(t.Context(), admin, "alice"))
	w.wantReport("alice by global policy, 24h0m0s left")
	w.clock.Add(24 * time.Hour)
	w.wantReport("alice by global policy, 0s left, late, closed: reset")
	w.settings.FirstUse.AfterReset = 0
	w.gate.Set(w.settings)
	w.wantReport("alice by global policy, closed: reset")
}

// Without a deadline nobody is late: the next login asks for it.
func TestRolloutAtOnce(t *testing.T) {
	t.Parallel()
	w := rollout(t)
	w.settings.FirstUse.EnrollWithin = 0
	w.gate.Set(w.settings)
	w.clock.Add(100 * 24 * time.Hour)
	w.wantReport("bob by global policy")
	w.settings.FirstUse.How = access.FirstUseInvitation
	w.gate.Set(w.settings)
	w.wantReport("bob by global policy, closed: invitation")
	w.settings.FirstUse.How, w.settings.FirstUse.EnrollWithin = "", time.Hour
	w.gate.Set(w.settings)
	w.wantReport("bob by global policy, no page")
}

// Rules count by the groups of the last login, and wherever the user might be.
func TestRolloutByRule(t *testing.T) {
	t.Parallel()
	w := rollout(t)
	w.settings.Policy.Require = false
	rule := access.PolicyRule{Name: "staff", Groups: []string{"staff"}, Clients: []string{"vpn9"}, Says: access.TwoFactorRequired,
		Begins: w.clock.Now().Add(time.Hour), FirstUse: access.FirstUse{How: access.FirstUseChallenge, EnrollWithin: 48 * time.Hour, Since: w.clock.Now().Add(time.Hour)}}
	w.settings.Rules, w.settings.Groups = []access.PolicyRule{rule}, []string{"staff"}
	w.gate.Set(w.settings)
	w.first.groups = map[string][]string{"bob": {"Staff"}}
	w.want(w.ask(challenge(), "bob", password), access.Accept, access.NotEnrolled)
	w.wantReport()
	w.clock.Add(time.Hour)
	w.wantReport("bob by rule staff, 48h0m0s left")
	w.first.groups = nil
	w.want(w.ask(challenge(), "bob", password), access.Accept, access.NotEnrolled)
	w.wantReport()
}

// Of several that could match the strictest counts, and the first of those alike.
func TestRolloutByStrictestRule(t *testing.T) {
	t.Parallel()
	w := rollout(t)
	rule := func(name string, says access.TwoFactor, clients ...string) access.PolicyRule {
		return access.PolicyRule{Name: name, Says: says, Clients: clients, FirstUse: w.settings.FirstUse}
	}
	set := func(rules ...access.PolicyRule) {
		w.settings.Rules = rules
		w.gate.Set(w.settings)
	}
	set(rule("exempt", access.TwoFactorExempt, "vpn9"), rule("first", access.TwoFactorRequired, "vpn8"), rule("second", access.TwoFactorRequired))
	w.wantReport("bob by rule first, 168h0m0s left")
	w.settings.FirstUse.How = ""
	w.gate.Set(w.settings)
	w.wantReport("bob by rule first, no page")
	set(rule("exempt", access.TwoFactorExempt, "vpn9"), rule("optional", access.TwoFactorOptional))
	if _, totals := w.report(); totals.Exempt != 0 || totals.NotRequired != 1 {
		t.Errorf("exempt somewhere: %+v", totals)
	}
	set(rule("exempt", access.TwoFactorExempt))
	if _, totals := w.report(); totals.Exempt != 1 || totals.NotRequired != 0 {
		t.Errorf("exempt everywhere: %+v", totals)
	}
}
