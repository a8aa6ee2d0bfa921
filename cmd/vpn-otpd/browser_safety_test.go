package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// Two tabs show one enrollment, two browsers two: the first to confirm has the
// device. A reset ends what is under way.
func TestBrowserSeveralAtOnce(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	s := startSite(t)
	s.add(t, "alice")
	one, other := b.visitor(t), b.visitor(t)
	one.signIn(s, "alice", sitePassword)
	tab := one.second()
	tab.open(s.url + "enroll")
	first := tab.scan()
	if again := one.scan(); again.secret != first.secret {
		t.Error("the tabs of one browser show two secrets")
	}
	other.signIn(s, "alice", sitePassword)
	second := other.scan()
	if second.secret == first.secret {
		t.Error("two browsers show one secret")
	}
	one.give(first)
	one.shows("Your device is set up")

	tab.fill("#code", first.code())
	tab.press("#submit")
	tab.at("/2fa/")
	tab.shows("Your devices", "Phone")
	other.fill("#code", second.code())
	if status := other.press("#submit"); status >= 500 {
		t.Errorf("the browser that came second: status %d", status)
	}
	other.hides("otpauth:", second.secret, "recovery-codes")
	if account, err := s.admin.User(t.Context(), "alice"); err != nil || len(account.Devices) != 1 {
		t.Errorf("there are devices %+v, %v", account.Devices, err)
	}

	if err := s.admin.Reset(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	one.open(s.url)
	one.shows("Password")
	one.hides("Your devices")
	tab.open(s.url + "change?do=recovery")
	tab.shows("Password")
}

// A page elsewhere on this host, with the user's cookies, can't press a button.
func TestBrowserRefusesForeignForms(t *testing.T) {
	t.Parallel()
	p := startBrowser(t).visitor(t)
	s := startSite(t)
	s.add(t, "alice")
	p.signIn(s, "alice", sitePassword)
	secret := p.typed()
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<form method="post" action="` + s.url + `signout"><button id="submit">Win a prize</button></form>`))
	}))
	t.Cleanup(foreign.Close)
	p.open(strings.Replace(foreign.URL, "127.0.0.1", "localhost", 1))
	if status := p.press("#submit"); status != http.StatusForbidden {
		t.Errorf("it has status %d", status)
	}
	p.shows("That came from another site")
	p.open(s.url + "enroll")
	if p.typed() != secret {
		t.Error("the session isn't what it was")
	}
}

// The browser keeps the session from scripts, from other paths, and no longer
// than it runs; it has another name after each step up.
func TestBrowserCookies(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	s := startSite(t)
	s.add(t, "alice")
	p := b.visitor(t)
	p.open(s.url)
	if kept := p.cookies(s.url); len(kept) != 0 {
		t.Errorf("a look at the page left %v", kept)
	}
	p.signIn(s, "alice", sitePassword)
	before := p.session(s.url)
	if !before.HTTPOnly || !before.Session || before.Secure || before.SameSite != network.CookieSameSiteLax || before.Path != "/2fa/" || before.Domain != "localhost" {
		t.Errorf("the browser has %+v", before)
	}
	if seen := p.read(`document.cookie`); seen != "" {
		t.Errorf("scripts see %q", seen)
	}
	p.press("#signout")
	if kept := p.cookies(s.url); len(kept) != 0 {
		t.Errorf("signing out left %v", kept)
	}
	p.signIn(s, "alice", sitePassword)
	device := p.enroll("Phone")
	p.press("#signout")
	p.signIn(s, "alice", sitePassword)
	asked := p.session(s.url)
	p.give(device)
	if p.session(s.url).Value == asked.Value || asked.Value == before.Value {
		t.Error("the session has one name before and after the code")
	}
}

func (p *tab) cookies(address string) []*network.Cookie {
	p.Helper()
	return send(p, network.GetCookies, network.GetCookiesParams{URLs: []string{address}}).Cookies
}

// session is the only cookie there is.
func (p *tab) session(address string) *network.Cookie {
	p.Helper()
	kept := p.cookies(address)
	if len(kept) != 1 {
		p.Fatalf("there are %d cookies", len(kept))
	}
	return kept[0]
}
