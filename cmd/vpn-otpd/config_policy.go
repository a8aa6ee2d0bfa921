package main

import (
	"fmt"
	"slices"
	"time"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

// policyConfig is one [[policy]]. What is nil is as [enroll] says.
type policyConfig struct {
	Name           string    `toml:"name"`
	Groups         []string  `toml:"groups"`
	Clients        []string  `toml:"clients"`
	NASIdentifiers []string  `toml:"nas_identifiers"`
	Networks       []string  `toml:"networks"`
	Begins         time.Time `toml:"begins"`
	Ends           endTime   `toml:"ends"`
	TwoFactor      string    `toml:"two_factor"`
	Reason         string    `toml:"reason"`
	Mode           string    `toml:"mode"`

	FirstUse         *string           `toml:"first_use"`
	FirstUseNetworks *[]string         `toml:"first_use_networks"`
	EnrollWithin     *optionalDuration `toml:"enroll_within"`
	AfterReset       *time.Duration    `toml:"after_reset"`
}

// policies makes the rules. general is first use where a rule says nothing of it.
func (l *loader) policies(w *file, general access.FirstUse) (rules []access.PolicyRule) {
	names := make(map[string]bool)
	for i, p := range w.Policy {
		key := fmt.Sprintf("policy[%d]", i)
		if names[p.Name] {
			l.fault(key+".name", "another policy has the name %q already", p.Name)
		}
		names[p.Name] = true
		l.checkPolicy(key, p, w)
		rules = append(rules, access.PolicyRule{
			Name: p.Name, Groups: p.Groups, Clients: p.Clients, NASIdentifiers: p.NASIdentifiers,
			Networks: l.networks(key+".networks", p.Networks), Begins: p.Begins, Ends: time.Time(p.Ends),
			Says: access.TwoFactor(p.TwoFactor), Reason: p.Reason, Mode: access.Mode(p.Mode),
			FirstUse: l.policyFirstUse(key, p, w, general),
		})
	}
	if len(rules) > 0 && len(w.TwoFactorMethods) == 0 {
		l.warn("policy", `the policies have no effect while two_factor_methods is empty: set it to ["totp"]`)
	}
	return rules
}

func (l *loader) checkPolicy(key string, p policyConfig, w *file) {
	if p.Name == "" {
		l.fault(key+".name", "a policy needs a name: vpn-otpctl explain shows it")
	}
	l.checkText(key+".name", p.Name, 64)
	says := []access.TwoFactor{"", access.TwoFactorOff, access.TwoFactorOptional, access.TwoFactorRequired, access.TwoFactorExempt}
	if !slices.Contains(says, access.TwoFactor(p.TwoFactor)) || p.TwoFactor == "" && p.Mode == "" {
		l.fault(key+".two_factor", `%q: "disabled", "optional", "required" or "exempt" is expected`, p.TwoFactor)
	}
	ends := time.Time(p.Ends)
	if !p.Begins.IsZero() && !ends.IsZero() && !ends.After(p.Begins) {
		l.fault(key+".ends", "the policy ends before it begins")
	}
	l.checkText(key+".reason", p.Reason, access.MaxReason)
	if exempt := p.TwoFactor == string(access.TwoFactorExempt); exempt && (p.Reason == "" || ends.IsZero()) {
		l.fault(key+".two_factor", "an exemption needs a reason, and an end (ends)")
	}
	for _, client := range p.Clients {
		if !slices.ContainsFunc(w.Radius.Client, func(c clientConfig) bool { return c.Name == client }) {
			l.fault(key+".clients", "no [[radius.client]] has the name %q", client)
		}
	}
	l.checkListed(key+".groups", p.Groups)
	l.checkListed(key+".nas_identifiers", p.NASIdentifiers)
	l.checkPolicyMode(key, p)
}

func (l *loader) checkPolicyMode(key string, p policyConfig) {
	modes := []access.Mode{"", access.ModeChallenge, access.ModeAppend, access.ModeCode}
	if !slices.Contains(modes, access.Mode(p.Mode)) {
		l.fault(key+".mode", `mode %q: "challenge", "append" or "code" is expected`, p.Mode)
	}
	if p.Mode != "" && len(p.Groups) > 0 {
		l.fault(key+".mode", "a policy with groups can't say how the password field is read: the groups are known only after that")
	}
}

// checkListed checks texts that something is compared with.
func (l *loader) checkListed(key string, texts []string) {
	for i, text := range texts {
		l.checkText(key, text, 253)
		if text == "" || slices.Contains(texts[:i], text) {
			l.fault(key, "%q is empty, or there twice", text)
		}
	}
}

// policyFirstUse is how who must enroll by this rule may do so.
func (l *loader) policyFirstUse(key string, p policyConfig, w *file, rule access.FirstUse) access.FirstUse {
	own := p.FirstUse != nil || p.FirstUseNetworks != nil || p.EnrollWithin != nil || p.AfterReset != nil
	if own && p.TwoFactor != string(access.TwoFactorRequired) {
		l.fault(key+".two_factor", `first_use, first_use_networks, enroll_within and after_reset are for two_factor = "required"`)
	}
	if own && w.Enroll.URL == "" {
		l.fault(key, "nobody can enroll without a page: enroll.url is to be set")
	}
	if p.FirstUse != nil {
		rule.How = l.firstUseWay(key+".first_use", *p.FirstUse)
	}
	if p.FirstUseNetworks != nil {
		rule.Networks = l.networks(key+".first_use_networks", *p.FirstUseNetworks)
	}
	if p.EnrollWithin != nil {
		if rule.EnrollWithin = time.Duration(*p.EnrollWithin); rule.EnrollWithin != 0 {
			l.between(key+".enroll_within", rule.EnrollWithin, time.Hour, longestGrace)
		}
	}
	if p.AfterReset != nil {
		rule.AfterReset = *p.AfterReset
		l.between(key+".after_reset", rule.AfterReset, 0, longestReset)
	}
	return rule
}

// namedGroups are all groups that some rule names.
func namedGroups(rules []access.PolicyRule, further []string) (groups []string) {
	for _, rule := range rules {
		groups = append(groups, rule.Groups...)
	}
	groups = append(groups, further...)
	slices.Sort(groups)
	return slices.Compact(groups)
}

// enforcing are the names of what enforces two-factor, each with its own start:
// "" for the policies of the file and its clients, and the rules that require.
func (c *Config) enforcing() map[string]bool {
	by := map[string]bool{"": c.enforced()}
	for _, rule := range c.Settings.Rules {
		by[rule.Name] = rule.Says == access.TwoFactorRequired && !c.Settings.Policy.Disabled()
	}
	return by
}

// enforcedSomewhere reports whether some client's policy requires a second factor,
// and whether some client requires it from everybody.
func enforcedSomewhere(global access.Policy, clients []radiusd.Client) (policy, always bool) {
	if global.Disabled() {
		return false, false
	}
	for _, c := range clients {
		policy = policy || c.Policy != nil && !c.Policy.Disabled() && c.Policy.Require
		always = always || c.RequireAlways
	}
	return policy, always
}
