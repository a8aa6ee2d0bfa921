package main

import (
	"testing"

	"layeh.com/radius"
)

// Where two-factor is optional, users enroll of their own will, and may leave
// again with a code.
func TestBrowserEnrollsOfOwnWill(t *testing.T) {
	t.Parallel()
	p := startBrowser(t).visitor(t)
	s := startSite(t)
	s.rewrite(t, "require_two_factor = true", "require_two_factor = false")
	s.add(t, "alice")
	s.passes(t, "alice")
	p.signIn(s, "alice", sitePassword)
	p.at("/2fa/")
	p.shows("protected by your password alone")
	p.press("#begin")
	device := p.enroll("Phone")
	s.startLogin(t, "alice").acceptedWith(device)

	p.press("#account")
	p.press(`a[aria-label="Remove Phone"]`)
	p.refused(device.at(device.last), "That code was used already")
	p.give(device)
	p.at("/2fa/")
	p.shows("The device was removed.", "protected by your password alone", "Set up now")
	s.passes(t, "alice")
}

// Where two-factor is off, nobody can enroll, and the enrolled aren't asked.
func TestBrowserWhereDisabled(t *testing.T) {
	t.Parallel()
	p := startBrowser(t).visitor(t)
	s := startSite(t)
	s.add(t, "alice", "bob")
	p.signIn(s, "alice", sitePassword)
	device := p.enroll("Phone")
	s.rewrite(t, `two_factor_methods = ["totp"]`, "two_factor_methods = []")
	for _, user := range []string{"alice", "bob"} {
		p.open(s.url)
		p.press("#signout")
		p.signIn(s, user, sitePassword)
		p.at("/2fa/")
		p.shows("Two-factor login is switched off here")
		p.hides(`id="begin"`, `id="add"`, "Replace")
		s.passes(t, user)
	}
	s.rewrite(t, "two_factor_methods = []", `two_factor_methods = ["totp"]`)
	s.startLogin(t, "alice").acceptedWith(device) // it was kept
}

// passes logs in with the password alone.
func (s *site) passes(t *testing.T, user string) {
	t.Helper()
	reply, err := s.login(t, user).Answer(t.Context(), []byte(sitePassword))
	if err != nil || reply.Code != radius.CodeAccessAccept {
		t.Fatalf("the password alone: %v, %v", reply, err)
	}
}
