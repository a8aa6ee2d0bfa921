package access_test

import (
	"net/netip"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// Where first use isn't open the password alone gets nobody anywhere.
func TestFirstUseClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*world)
		client  access.Client
		from    string
		reason  access.Reason
		opens   bool
		webOpen bool
	}{
		"no page":              {change: func(w *world) { w.settings.FirstUse.How = "" }, client: challenge(), reason: access.EnrollmentRequired},
		"by invitation":        {change: func(w *world) { w.settings.FirstUse.How = access.FirstUseInvitation }, client: challenge(), reason: access.EnrollmentClosed},
		"on the page":          {change: func(w *world) { w.settings.FirstUse.How = access.FirstUseWeb }, client: challenge(), reason: access.EnrollmentRequired, webOpen: true},
		"no challenges":        {change: func(*world) {}, client: appended(), reason: access.EnrollmentRequired, webOpen: true},
		"open":                 {change: func(*world) {}, client: challenge(), reason: access.EnrollmentRequired, opens: true, webOpen: true},
		"another network":      {change: inNetworks("10.0.0.0/8"), client: challenge(), from: "192.0.2.1", reason: access.EnrollmentClosed},
		"no address":           {change: inNetworks("10.0.0.0/8"), client: challenge(), reason: access.EnrollmentClosed},
		"the right network":    {change: inNetworks("192.0.2.0/24", "198.51.100.0/24"), client: challenge(), from: "192.0.2.1[1]", reason: access.EnrollmentRequired, opens: true, webOpen: true},
		"after the deadline":   {change: deadline(-time.Hour), client: challenge(), reason: access.EnrollmentClosed},
		"enrolled before":      {change: wasEnrolled(25 * time.Hour), client: challenge(), reason: access.EnrollmentClosed},
		"just reset":           {change: wasEnrolled(23 * time.Hour), client: challenge(), reason: access.EnrollmentRequired, opens: true, webOpen: true},
		"reset, none open":     {change: func(w *world) { w.settings.FirstUse.AfterReset = 0; wasEnrolled(0)(w) }, client: challenge(), reason: access.EnrollmentClosed},
		"reset after deadline": {change: func(w *world) { deadline(-time.Hour)(w); wasEnrolled(time.Hour)(w) }, client: challenge(), reason: access.EnrollmentRequired, opens: true, webOpen: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := firstUse(t)
			c.change(w)
			w.gate.Set(w.settings)
			d := w.check(access.Request{Client: c.client, UserName: "alice", Password: []byte(password), CallingStation: c.from})
			verdict := access.Reject
			if c.opens {
				verdict = access.Challenge
			}
			w.want(d, verdict, c.reason)
			if (d.Ticket != "") != c.opens {
				t.Errorf("ticket %q", d.Ticket)
			}
			pass := w.signedIn("alice")
			_, err := w.enroller().Begin(t.Context(), pass, "", browser)
			if open := err == nil; open != c.webOpen || !open && access.FaultOf(err) != access.FaultClosed {
				t.Errorf("on the page: %v", err)
			}
		})
	}
}

func inNetworks(networks ...string) func(*world) {
	return func(w *world) {
		for _, text := range networks {
			w.settings.FirstUse.Networks = append(w.settings.FirstUse.Networks, netip.MustParsePrefix(text))
		}
	}
}

// deadline sets one that is so far away, for accounts of now.
func deadline(away time.Duration) func(*world) {
	return func(w *world) {
		w.clock.Add(14*24*time.Hour - away)
		w.settings.FirstUse.EnrollWithin = 14 * 24 * time.Hour
	}
}

// wasEnrolled gives alice a device and takes it away some time ago.
func wasEnrolled(ago time.Duration) func(*world) {
	return func(w *world) {
		w.addDevice("alice", secret)
		w.must(w.accounts.Reset(w.Context(), admin, "alice"))
		w.clock.Add(ago)
	}
}

// Until the deadline a login passes on the password, and never after it, however
// late the first login; the start of the rule, the account or the user's policy counts.
func TestGrace(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	const within = 14 * 24 * time.Hour
	w.settings.FirstUse.EnrollWithin = within
	w.settings.FirstUse.Since = w.clock.Now().Add(24 * time.Hour)
	w.gate.Set(w.settings)
	d := w.ask(challenge(), "alice", password)
	w.want(d, access.Accept, access.EnrollmentGrace)
	if !d.EnrollBy.Equal(w.settings.FirstUse.Since.Add(within)) {
		t.Errorf("until %v", d.EnrollBy)
	}
	w.want(w.ask(codeOnly(), "alice", "123456"), access.Reject, access.UnverifiedRefused)
	always := challenge()
	always.RequireAlways = true
	w.want(w.ask(always, "alice", password), access.Challenge, access.EnrollmentRequired)
	w.clock.Add(within + 24*time.Hour - time.Second)
	w.want(w.ask(challenge(), "alice", password), access.Accept, access.EnrollmentGrace)
	w.clock.Add(time.Second)
	w.want(w.ask(challenge(), "alice", password), access.Reject, access.EnrollmentClosed)
	w.want(w.ask(challenge(), "muller", password), access.Reject, access.EnrollmentClosed) // a directory's user, never seen
	w.must(w.accounts.SetPolicy(t.Context(), admin, "bob", own(w, store.PolicyRequired)))
	w.want(w.ask(challenge(), "bob", password), access.Accept, access.EnrollmentGrace)
	w.addDevice("bob", secret)
	w.must(w.accounts.Reset(t.Context(), admin, "bob"))
	w.want(w.ask(challenge(), "bob", password), access.Challenge, access.EnrollmentRequired) // no grace for who had a device
}
