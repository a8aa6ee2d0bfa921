package main

import (
	"net/http"
	"strings"
	"time"
)

// visitUnknown sees what everybody can.
func (g gallery) visitUnknown(p *tab, s *site) {
	p.open(s.url)
	g.visit(p, "signin")
	p.signIn(s, "alice", "wrong")
	g.visit(p, "signin-refused")
	p.open(s.url + "K7QM-4XHT")
	g.visit(p, "ticket")
	p.press("#submit")
	g.visit(p, "ticket-unknown")
	if status := p.open(s.url + "nothing"); status != http.StatusNotFound {
		p.Errorf("status %d", status)
	}
	g.visit(p, "not-found")
}

// visitEnrolled goes the way of a user who enrolls.
func (g gallery) visitEnrolled(p *tab, s *site) {
	p.signIn(s, "alice", sitePassword)
	g.visit(p, "enroll")
	p.refused("000000", "That code does not fit")
	g.visit(p, "enroll-refused")
	label := "A-name-as-long-as-they-may-be-without-any-place-to-break-the-64"
	device := p.enroll(label)
	g.visit(p, "codes")
	p.press("#account")
	g.visit(p, "account")
	for _, do := range []string{"add", "recovery", "replace&device=" + label} {
		p.open(s.url + "change?do=" + do)
		name, _, _ := strings.Cut(do, "&")
		g.visit(p, "change-"+name)
	}
	p.refused("000000", "That code was wrong")
	g.visit(p, "change-refused")
	p.press("#signout")
	p.signIn(s, "alice", sitePassword)
	g.visit(p, "code")
	p.refused("000001", "That code was wrong")
	g.visit(p, "code-refused")
	p.give(device)
}

// visitTickets enrolls for a login that waits, and too late by an invitation.
func (g gallery) visitTickets(p *tab, s *site) {
	p.begin(s.startLogin(p.T, "bob").address())
	p.enroll("Phone")
	g.visit(p, "waiting")
	p = p.second()
	invitation, err := s.admin.Invite(p.Context(), "carol", time.Hour)
	if err != nil {
		p.Fatal(err)
	}
	p.begin(invitation.Address)
	if _, err := s.admin.Invite(p.Context(), "carol", time.Hour); err != nil {
		p.Fatal(err)
	}
	p.fill("#code", "123456")
	p.press("#submit")
	g.visit(p, "expired")
}

// visitOthers sees the account page under the other policies.
func (g gallery) visitOthers(p *tab, s *site) {
	s.rewrite(p.T, `first_use = "challenge"`, `first_use = "invitation"`)
	p.signIn(s, "dave", sitePassword)
	g.visit(p, "account-closed")
	s.rewrite(p.T, "require_two_factor = true", "require_two_factor = false")
	p.open(s.url)
	g.visit(p, "account-optional")
	p.open(s.url + "change?do=remove&device=Phone")
	g.visit(p, "change-remove")
	s.rewrite(p.T, `two_factor_methods = ["totp"]`, "two_factor_methods = []")
	p.open(s.url)
	g.visit(p, "account-disabled")
}
