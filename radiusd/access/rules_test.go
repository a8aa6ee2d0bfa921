package access_test

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// ruled is a world with these rules over an optional global policy. alice has a
// device, bob has none; both are staff.
func ruled(t testing.TB, rules ...access.PolicyRule) *world {
	w := newWorld(t)
	w.addDevice("alice", secret)
	w.first.groups = map[string][]string{"alice": {"STAFF", "nobody asks for this one"}, "bob": {"staff"}}
	w.settings.Policy = access.Policy{Methods: []string{access.MethodTOTP}}
	w.settings.Rules = rules
	w.settings.Groups = []string{"staff", "students"}
	w.gate.Set(w.settings)
	return w
}

// bob asks with the right password; without a rule he passes as not enrolled.
func TestRules(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	required := access.PolicyRule{Name: "r", Says: access.TwoFactorRequired}
	with := func(change func(*access.PolicyRule)) []access.PolicyRule {
		rule := required
		change(&rule)
		return []access.PolicyRule{rule}
	}
	office := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	exempt := access.PolicyRule{Name: "e", Groups: []string{"staff"}, Says: access.TwoFactorExempt, Reason: "x"}
	for _, test := range []struct {
		name   string
		rules  []access.PolicyRule
		reason access.Reason
	}{
		{"none", nil, access.NotEnrolled},
		{"for all", []access.PolicyRule{required}, access.EnrollmentRequired},
		{"group", with(func(r *access.PolicyRule) { r.Groups = []string{"students", "staff"} }), access.EnrollmentRequired},
		{"another group", with(func(r *access.PolicyRule) { r.Groups = []string{"students"} }), access.NotEnrolled},
		{"client", with(func(r *access.PolicyRule) { r.Clients = []string{"vpn1"} }), access.EnrollmentRequired},
		{"another client", with(func(r *access.PolicyRule) { r.Clients = []string{"vpn2"} }), access.NotEnrolled},
		{"NAS", with(func(r *access.PolicyRule) { r.NASIdentifiers = []string{"gate 1"} }), access.EnrollmentRequired},
		{"another NAS", with(func(r *access.PolicyRule) { r.NASIdentifiers = []string{"gate"} }), access.NotEnrolled},
		{"network", with(func(r *access.PolicyRule) { r.Networks = office }), access.EnrollmentRequired},
		{"another network", with(func(r *access.PolicyRule) { r.Networks = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")} }), access.NotEnrolled},
		{"all of them", with(func(r *access.PolicyRule) {
			r.Groups, r.Clients, r.NASIdentifiers, r.Networks = []string{"staff"}, []string{"vpn1"}, []string{"gate 1"}, office
		}), access.EnrollmentRequired},
		{"all but one of them", with(func(r *access.PolicyRule) {
			r.Groups, r.Clients, r.NASIdentifiers, r.Networks = []string{"staff"}, []string{"vpn2"}, []string{"gate 1"}, office
		}), access.NotEnrolled},
		{"begins now", with(func(r *access.PolicyRule) { r.Begins = now }), access.EnrollmentRequired},
		{"not yet", with(func(r *access.PolicyRule) { r.Begins = now.Add(time.Second) }), access.NotEnrolled},
		{"still", with(func(r *access.PolicyRule) { r.Ends = now.Add(time.Second) }), access.EnrollmentRequired},
		{"over", with(func(r *access.PolicyRule) { r.Ends = now }), access.NotEnrolled},
		{"the first counts", []access.PolicyRule{exempt, required}, access.Exempt},
		{"the first counts, the other way", []access.PolicyRule{required, exempt}, access.EnrollmentRequired},
		{"the first that matches counts", append(with(func(r *access.PolicyRule) { r.Clients = []string{"vpn2"} }), exempt), access.Exempt},
		{"disabled", []access.PolicyRule{{Name: "d", Says: access.TwoFactorOff}, required}, access.TwoFactorDisabled},
		{"a mode alone says nothing", []access.PolicyRule{{Name: "m", Mode: access.ModeChallenge}, required}, access.EnrollmentRequired},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := ruled(t, test.rules...)
			d := w.check(access.Request{Client: challenge(), UserName: "bob", Password: []byte(password), NASIdentifier: "gate 1", CallingStation: "192.0.2.7[4500]"})
			if d.Reason != test.reason {
				t.Errorf("got %s %s, want %s", d.Verdict, d.Reason, test.reason)
			}
		})
	}
}

// What is set for the user, and a client that requires always, go before a rule;
// the global switch goes before everything.
func TestRulesAndOthers(t *testing.T) {
	exempt := access.PolicyRule{Name: "e", Says: access.TwoFactorExempt, Reason: "x"}
	off := access.PolicyRule{Name: "d", Says: access.TwoFactorOff}
	required := access.PolicyRule{Name: "r", Says: access.TwoFactorRequired}
	for _, test := range []struct {
		name   string
		rule   access.PolicyRule
		own    store.UserPolicy
		change func(*access.Client, *access.Settings)
		reason access.Reason
	}{
		{"own exemption", required, store.PolicyExempt, nil, access.Exempt},
		{"own requirement", exempt, store.PolicyRequired, nil, access.EnrollmentRequired},
		{"always, exempt", exempt, "", func(c *access.Client, _ *access.Settings) { c.RequireAlways = true }, access.EnrollmentRequired},
		{"always, disabled", off, "", func(c *access.Client, _ *access.Settings) { c.RequireAlways = true }, access.EnrollmentRequired},
		{"the client's policy", required, "", func(c *access.Client, _ *access.Settings) { c.Policy = &access.Policy{Methods: []string{"totp"}} }, access.EnrollmentRequired},
		{"off altogether", required, "", func(_ *access.Client, s *access.Settings) { s.Policy.Methods = nil }, access.TwoFactorDisabled},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := ruled(t, test.rule)
			client := challenge()
			if test.change != nil {
				test.change(&client, &w.settings)
				w.gate.Set(w.settings)
			}
			if test.own != "" {
				w.must(w.accounts.SetPolicy(t.Context(), admin, "bob", own(w, test.own)))
			}
			if d := w.ask(client, "bob", password); d.Reason != test.reason {
				t.Errorf("got %s %s, want %s", d.Verdict, d.Reason, test.reason)
			}
		})
	}
}

func TestExemptionEnds(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.must(w.accounts.SetPolicy(t.Context(), admin, "bob", access.OwnPolicy{Policy: store.PolicyExempt, Reason: "new phone", Until: w.clock.Now().Add(time.Hour)}))
	w.want(w.ask(challenge(), "bob", password), access.Accept, access.Exempt)
	w.clock.Add(time.Hour)
	w.want(w.ask(challenge(), "bob", password), access.Reject, access.EnrollmentRequired)
	for name, p := range map[string]access.OwnPolicy{
		"no end":       {Policy: store.PolicyExempt},
		"past":         {Policy: store.PolicyExempt, Until: w.clock.Now()},
		"too long":     {Policy: store.PolicyExempt, Until: w.clock.Now().Add(367 * 24 * time.Hour)},
		"end of other": {Policy: store.PolicyRequired, Until: w.clock.Now().Add(time.Hour)},
		"control":      {Policy: store.PolicyRequired, Reason: "a\nb"},
	} {
		if w.accounts.SetPolicy(t.Context(), admin, "bob", p) == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// The second leg may leave out where it comes from and who is asked: what the
// first leg said counts, and what the first factor said goes with the accept.
func TestChallengeCarries(t *testing.T) {
	t.Parallel()
	w := ruled(t, access.PolicyRule{Name: "r", Says: access.TwoFactorRequired, NASIdentifiers: []string{"gate 1"}, Groups: []string{"staff"},
		Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	w.settings.Policy = access.Policy{Methods: []string{access.MethodTOTP}}
	w.settings.Rules = append(w.settings.Rules, access.PolicyRule{Name: "e", Says: access.TwoFactorExempt})
	w.gate.Set(w.settings)
	w.first.attributes = []access.Attribute{{Type: 25, Value: []byte("class of alice")}}
	r := access.Request{Client: challenge(), UserName: "alice", Password: []byte(password), NASIdentifier: "gate 1", CallingStation: "192.0.2.7"}
	d := w.check(r)
	w.want(d, access.Challenge, access.CodeNeeded)
	if d.Groups != nil || d.Attributes != nil {
		t.Errorf("a challenge tells %q, %v", d.Groups, d.Attributes)
	}
	w.restart()
	// Had the rule not matched again, she would pass as exempt on a wrong code.
	d = w.check(access.Request{Client: challenge(), UserName: "alice", Password: []byte(w.wrong(1)), State: d.State})
	w.want(d, access.Challenge, access.CodeWrong)
	d = w.check(access.Request{Client: challenge(), UserName: "alice", Password: []byte(w.code(0)), State: d.State})
	w.want(d, access.Accept, access.TOTPAccepted)
	if !reflect.DeepEqual(d.Groups, []string{"staff"}) || !reflect.DeepEqual(d.Attributes, w.first.attributes) {
		t.Errorf("the accept tells %q, %v", d.Groups, d.Attributes)
	}
	if account, _, err := w.store.Account(t.Context(), "alice"); err != nil || !reflect.DeepEqual(account.Groups, []string{"staff"}) {
		t.Errorf("kept: %q, %v", account.Groups, err)
	}
}

// Where the client checks the password, groups are asked for; where nobody can be
// asked they are those of the last login.
func TestGroupsInModeCode(t *testing.T) {
	t.Parallel()
	w := ruled(t, access.PolicyRule{Name: "r", Says: access.TwoFactorOptional, Groups: []string{"students"}}, access.PolicyRule{Name: "x", Says: access.TwoFactorRequired})
	client := codeOnly()
	client.PassUnenrolled = true
	w.first.groups["bob"] = []string{"students"}
	w.want(w.ask(client, "bob", "123456"), access.Reject, access.EnrollmentRequired)
	w.settings.Directory = true
	w.gate = access.NewGate(w.store, directory{w.first}, w.settings, access.Options{Now: w.clock.Now})
	w.want(w.ask(client, "bob", "123456"), access.Accept, access.NotEnrolled)
	w.first.err = access.ErrBackend
	if _, err := w.gate.Check(t.Context(), access.Request{Client: client, UserName: "bob", Password: []byte("123456")}); err == nil {
		t.Error("a directory that is away was taken for one without groups")
	}
	w.first.err = nil
	w.gate = w.anotherGate() // without a directory
	w.want(w.ask(client, "bob", "123456"), access.Accept, access.NotEnrolled)
}

// In mode append the field is split before anybody knows the groups.
func TestGroupsInModeAppend(t *testing.T) {
	t.Parallel()
	w := ruled(t, access.PolicyRule{Name: "r", Says: access.TwoFactorRequired, Groups: []string{"staff"}}, access.PolicyRule{Name: "x", Says: access.TwoFactorExempt})
	w.want(w.ask(appended(), "alice", password), access.Reject, access.CodeNeeded)
	w.want(w.ask(appended(), "alice", password+w.code(0)), access.Accept, access.TOTPAccepted)
	w.first.groups["alice"] = nil
	w.want(w.ask(appended(), "alice", password), access.Accept, access.Exempt)
}

// The field of a user whom nothing could ask for a code is the password and nothing
// else, though it ends in digits.
func TestRulesThatAskNobody(t *testing.T) {
	staff := []string{"staff"}
	exempt := access.PolicyRule{Name: "x", Says: access.TwoFactorExempt}
	required := access.PolicyRule{Name: "r", Says: access.TwoFactorRequired}
	for name, test := range map[string]struct {
		rules []access.PolicyRule
		off   bool
	}{
		"no groups":          {rules: []access.PolicyRule{exempt}},
		"required too late":  {rules: []access.PolicyRule{exempt, required}},
		"group elsewhere":    {rules: []access.PolicyRule{{Name: "g", Groups: staff, Clients: []string{"vpn9"}, Says: access.TwoFactorRequired}, exempt}},
		"group is exempt":    {rules: []access.PolicyRule{{Name: "g", Groups: staff, Says: access.TwoFactorExempt}, exempt}},
		"group is disabled":  {rules: []access.PolicyRule{{Name: "g", Groups: staff, Says: access.TwoFactorOff}, exempt}},
		"two-factor is off":  {rules: []access.PolicyRule{{Name: "g", Groups: staff, Says: access.TwoFactorRequired}}, off: true},
		"group isn't begun":  {rules: []access.PolicyRule{{Name: "g", Groups: staff, Begins: time.Unix(2_000_000_000, 0), Says: access.TwoFactorRequired}, exempt}},
		"group has its time": {rules: []access.PolicyRule{{Name: "g", Groups: staff, Ends: time.Unix(1_000_000_000, 0), Says: access.TwoFactorRequired}, exempt}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := ruled(t, test.rules...)
			if test.off {
				w.settings.Policy.Methods = nil
				w.gate.Set(w.settings)
			}
			w.want(w.ask(appended(), "alice", password+w.code(0)), access.Reject, access.PasswordWrong)
			if d := w.ask(appended(), "alice", password); d.Verdict != access.Accept {
				t.Errorf("the password alone: %s %s", d.Verdict, d.Reason)
			}
		})
	}
}

func TestModeByRule(t *testing.T) {
	t.Parallel()
	w := ruled(t, access.PolicyRule{Name: "old portal", NASIdentifiers: []string{"old"}, Mode: access.ModeAppend})
	w.want(w.check(access.Request{Client: challenge(), UserName: "alice", Password: []byte(password + w.code(0)), NASIdentifier: "old"}), access.Accept, access.TOTPAccepted)
	w.want(w.check(access.Request{Client: challenge(), UserName: "alice", Password: []byte(password), NASIdentifier: "old"}), access.Reject, access.CodeNeeded)
	d := w.check(access.Request{Client: challenge(), UserName: "alice", Password: []byte(password), NASIdentifier: "new"})
	w.want(d, access.Challenge, access.CodeNeeded)
	w.clock.Add(time.Minute)
	w.want(w.check(access.Request{Client: challenge(), UserName: "alice", Password: []byte(w.wrong(2)), NASIdentifier: "old", State: d.State}), access.Challenge, access.CodeWrong)
	w.want(w.check(access.Request{Client: access.Client{Name: access.WebClient, Mode: access.ModeWeb, RequireAlways: true}, UserName: "bob", Password: []byte(password), NASIdentifier: "old"}), access.Accept, access.SignedIn)
}

// The page goes by the strictest rule that could match, by the groups of the
// last login.
func TestPageStanding(t *testing.T) {
	far := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	staff, required := []string{"staff"}, access.TwoFactorRequired
	optional := access.PolicyRule{Name: "o", Says: access.TwoFactorOptional}
	for _, test := range []struct {
		name     string
		rules    []access.PolicyRule
		always   bool
		standing access.StandingPolicy
	}{
		{"none", nil, false, access.StandingOptional},
		{"group", []access.PolicyRule{{Name: "r", Groups: staff, Says: required}}, false, access.StandingEnforced},
		{"another group", []access.PolicyRule{{Name: "r", Groups: []string{"students"}, Says: required}}, false, access.StandingOptional},
		{"somewhere", []access.PolicyRule{{Name: "r", Networks: far, Says: required}, optional}, false, access.StandingEnforced},
		{"at one NAS", []access.PolicyRule{{Name: "e", NASIdentifiers: []string{"far"}, Says: access.TwoFactorExempt},
			{Name: "r", Says: required}}, false, access.StandingEnforced},
		{"shadowed", []access.PolicyRule{optional, {Name: "r", Networks: far, Says: required}}, false, access.StandingOptional},
		{"optional somewhere, required elsewhere", []access.PolicyRule{{Name: "o", Clients: []string{"vpn9"}, Says: access.TwoFactorOptional},
			{Name: "r", Networks: far, Says: required}}, false, access.StandingEnforced},
		{"disabled somewhere, exempt elsewhere", []access.PolicyRule{{Name: "d", Networks: far, Says: access.TwoFactorOff},
			{Name: "e", Says: access.TwoFactorExempt}}, false, access.StandingOptional},
		{"disabled", []access.PolicyRule{{Name: "d", Groups: staff, Says: access.TwoFactorOff}}, false, access.StandingDisabled},
		{"disabled somewhere", []access.PolicyRule{{Name: "d", Networks: far, Says: access.TwoFactorOff}}, false, access.StandingOptional},
		{"always somewhere beats disabled", []access.PolicyRule{{Name: "d", Groups: staff, Says: access.TwoFactorOff}}, true, access.StandingEnforced},
		{"exempt", []access.PolicyRule{{Name: "e", Groups: staff, Says: access.TwoFactorExempt}}, false, access.StandingOptional},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := ruled(t, test.rules...)
			w.settings.AlwaysSomewhere = test.always
			w.settings.FirstUse.How = access.FirstUseWeb
			w.gate.Set(w.settings)
			web := access.Client{Name: access.WebClient, Mode: access.ModeWeb, RequireAlways: true}
			d := w.ask(web, "bob", password)
			w.want(d, access.Accept, access.SignedIn)
			standing, err := access.NewEnroller(w.gate).Standing(t.Context(), access.PassOf(d), netip.Addr{})
			if err != nil || standing.Policy != test.standing {
				t.Errorf("%q, %v; want %q", standing.Policy, err, test.standing)
			}
			_, err = access.NewEnroller(w.gate).Begin(t.Context(), access.PassOf(d), "", netip.Addr{})
			if disabled := access.FaultOf(err) == access.FaultDisabled; disabled != (test.standing == access.StandingDisabled) {
				t.Errorf("enrolling: %v", err)
			}
		})
	}
}

// A rule that requires has first use, and a grace, of its own.
func TestFirstUseOfARule(t *testing.T) {
	t.Parallel()
	w := ruled(t)
	w.settings.FirstUse = access.FirstUse{How: access.FirstUseChallenge}
	w.settings.Rules = []access.PolicyRule{
		{Name: "staff", Groups: []string{"staff"}, Says: access.TwoFactorRequired, FirstUse: access.FirstUse{How: access.FirstUseChallenge,
			EnrollWithin: 24 * time.Hour, Since: w.clock.Now()}},
		{Name: "rest", Says: access.TwoFactorRequired, FirstUse: access.FirstUse{How: access.FirstUseInvitation}},
	}
	w.gate.Set(w.settings)
	d := w.ask(challenge(), "bob", password)
	w.want(d, access.Accept, access.EnrollmentGrace)
	if !d.EnrollBy.Equal(w.clock.Now().Add(24 * time.Hour)) {
		t.Errorf("to enroll by %v", d.EnrollBy)
	}
	w.first.groups["bob"] = nil
	w.want(w.ask(challenge(), "bob", password), access.Reject, access.EnrollmentClosed)
	w.first.groups["bob"] = []string{"staff"}
	w.clock.Add(25 * time.Hour)
	w.want(w.ask(challenge(), "bob", password), access.Reject, access.EnrollmentClosed)
}
