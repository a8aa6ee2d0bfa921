package main

import (
	"slices"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/admin"
)

// A rule that exempts is shown as long as it does.
func TestExemptingRules(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	rule := access.PolicyRule{Name: "guests", Says: access.TwoFactorExempt, Reason: "a fair", Begins: noon, Ends: noon.Add(time.Hour)}
	other := access.PolicyRule{Name: "staff", Says: access.TwoFactorRequired}
	settings := access.Settings{Policy: access.Policy{Methods: []string{access.MethodTOTP}}, Rules: []access.PolicyRule{other, rule}}
	for now, want := range map[time.Time][]admin.Exemption{
		noon.Add(-time.Second):   nil,
		noon:                     {{Rule: "guests", Reason: "a fair", Until: rule.Ends}},
		rule.Ends.Add(-1):        {{Rule: "guests", Reason: "a fair", Until: rule.Ends}},
		rule.Ends:                nil,
		rule.Ends.Add(time.Hour): nil,
	} {
		if got := exemptingRules(settings, now); !slices.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", now, got, want)
		}
	}
	settings.Policy = access.Policy{}
	if got := exemptingRules(settings, noon); got != nil {
		t.Errorf("nobody is asked: %+v", got)
	}
}
