package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

// firstUse is who may enroll on the password alone. It says nothing of where
// there is no page: that is for derive.
func (l *loader) firstUse(w *file) access.FirstUse {
	rule := access.DefaultSettings().FirstUse
	rule.How = l.firstUseWay("enroll.first_use", or(w.Enroll.FirstUse, string(access.FirstUseChallenge)))
	rule.Networks = l.networks("enroll.first_use_networks", w.Enroll.FirstUseNetworks)
	if rule.EnrollWithin = time.Duration(w.Enroll.EnrollWithin); rule.EnrollWithin != 0 {
		l.between("enroll.enroll_within", rule.EnrollWithin, time.Hour, longestGrace)
	}
	rule.AfterReset = or(w.Enroll.AfterReset, rule.AfterReset)
	l.between("enroll.after_reset", rule.AfterReset, 0, longestReset)
	l.checkFirstUse(w, rule.How)
	return rule
}

func (l *loader) firstUseWay(key, written string) access.FirstUseWay {
	way := access.FirstUseWay(written)
	if !slices.Contains([]access.FirstUseWay{access.FirstUseChallenge, access.FirstUseWeb, access.FirstUseInvitation}, way) {
		l.fault(key, `%q: "challenge", "web" or "invitation" is expected`, way)
	}
	return way
}

// checkFirstUse finds rules that would never count.
func (l *loader) checkFirstUse(w *file, how access.FirstUseWay) {
	reveals := slices.ContainsFunc(w.Radius.Client, func(c clientConfig) bool { return c.RevealSecret })
	if w.Enroll.URL == "" && !reveals {
		for key, written := range map[string]bool{
			"enroll.first_use": w.Enroll.FirstUse != nil, "enroll.first_use_networks": len(w.Enroll.FirstUseNetworks) > 0,
			"enroll.enroll_within": w.Enroll.EnrollWithin != 0, "enroll.after_reset": w.Enroll.AfterReset != nil,
		} {
			if written {
				l.fault(key, "nobody can enroll without a page: enroll.url is to be set")
			}
		}
	}
	if w.Enroll.URL == "" && reveals {
		for i, c := range w.Radius.Client {
			if !c.RevealSecret && (c.Mode == "" || access.Mode(c.Mode) == access.ModeChallenge) {
				l.fault(fmt.Sprintf("radius.client[%d].reveal_secret_in_challenge", i), "without a page (enroll.url), either all clients of mode \"challenge\" reveal the secret or none does")
			}
		}
	}
	if how == access.FirstUseInvitation && w.Enroll.EnrollWithin != 0 {
		l.warn("enroll.enroll_within", "until the deadline logins pass on the password, but only the invited can enroll")
	}
}

// enforced reports whether two-factor is enforced for anybody by the
// configuration; single users may be required beside that.
func (c *Config) enforced() bool {
	global := c.Settings.Policy
	return !global.Disabled() && (global.Require || c.Settings.EnforcedSomewhere || c.Settings.AlwaysSomewhere)
}

// derive fills what follows from other parts of the configuration, of which a
// reload may have kept the old ones.
func (c *Config) derive() {
	reveals := slices.ContainsFunc(c.Clients, func(client radiusd.Client) bool { return client.RevealSecret })
	c.Settings.FirstUse.How = c.firstUse
	if c.Page.URL == nil && !reveals {
		c.Settings.FirstUse.How = ""
	}
	c.Settings.Groups = namedGroups(c.Settings.Rules, c.Replies.Groups())
	c.Settings.Directory = c.directory()
	c.Settings.RememberFor = make(map[string]time.Duration)
	for i := range c.Clients {
		c.Clients[i].Prompt.EnrollURL = c.Page.address()
		c.Settings.RememberFor[c.Clients[i].Name] = c.Clients[i].RememberFor
	}
	c.Settings.EnforcedSomewhere, c.Settings.AlwaysSomewhere = enforcedSomewhere(c.Settings.Policy, c.Clients)
	c.Settings.Issuer, c.Settings.Notices = c.issuer, c.Notice.channels()
	if c.issuer == "" {
		c.Settings.Issuer = cmp.Or(c.Page.site(), c.Node)
	}
}
