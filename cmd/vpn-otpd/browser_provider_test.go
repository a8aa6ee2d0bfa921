package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"vpn-otpd/store"
)

// A user whose password is at an identity provider signs in there, enrolls, and is
// asked for a code the next time. The daemon doesn't need the provider to start.
func TestBrowserSignsInAtProvider(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	port := unusedPort(t)
	s := startSite(t, signInThere(port, `name_claim = "preferred_username"`)...)
	p := b.visitor(t)
	p.open(s.url)
	p.shows("Sign in with Example University")
	p.hides(`id="password"`)
	if status := p.press("#signin-oidc"); status != http.StatusServiceUnavailable {
		t.Errorf("while the provider is away: status %d", status)
	}
	p.shows("can't be reached at the moment")

	startProvider(t, port, s.url, "alice")
	p.goToProvider(s)
	p.signInThere("alice", "a wrong password")
	p.shows("Login")
	before := p.session(s.url)
	p.signInThere("alice", providerPassword)
	p.at("/2fa/enroll")
	p.shows("For the user alice")
	if after := p.session(s.url); after.Value == before.Value || !after.HTTPOnly {
		t.Errorf("after the sign-in the browser has %+v", after)
	}
	device := p.enroll("Phone")
	p.press("#signout")

	again := b.visitor(t)
	again.goToProvider(s)
	again.signInThere("alice", providerPassword)
	again.shows("Enter your code", "alice")
	again.give(device)
	again.shows("Your devices", "Phone")
	if records := s.records(t, store.LogQuery{User: "alice", Event: "device_added"}); len(records) != 1 {
		t.Errorf("the audit log says %+v", records)
	}
}

// What comes back counts in the browser that asked, and once. The provider's
// address that isn't verified is nobody's name.
func TestBrowserReturnsFromProvider(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	port := unusedPort(t)
	s := startSite(t, signInThere(port, `name_claim = "preferred_username"`)...)
	startProvider(t, port, s.url, "alice")
	p := b.visitor(t)
	p.goToProvider(s)
	answer := p.answerOf(port)
	stranger := b.visitor(t)
	stranger.goToProvider(s) // has a sign-in of its own under way
	if status := stranger.open(answer); status != http.StatusUnprocessableEntity {
		t.Errorf("the answer to another browser: status %d", status)
	}
	stranger.shows("no longer valid")
	p.open(answer)
	p.at("/2fa/enroll")
	if status := p.open(answer); status != http.StatusUnprocessableEntity {
		t.Errorf("the answer again: status %d", status)
	}
	p.open(s.url)
	p.shows("alice")

	unverified := startSite(t, signInThere(unusedPort(t), `name_claim = "email"`)...)
	startProvider(t, unverified.providerPort(t), unverified.url, "alice")
	p = b.visitor(t)
	p.goToProvider(unverified)
	p.signInThere("alice", providerPassword)
	p.shows("could not be used")
	p.hides("For the user")
}

// goToProvider presses the button, and waits for the provider's own page. A
// provider that was away isn't asked for some seconds.
func (p *tab) goToProvider(s *site) {
	p.Helper()
	p.until("going to the provider", func(context.Context) bool {
		p.open(s.url)
		return p.press("#signin-oidc") == http.StatusOK
	})
	p.until("arriving at the provider", func(ctx context.Context) bool {
		there, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector("input[name=id]") !== null && document.readyState === "complete"`))
		return err == nil && there
	})
}

// signInThere is the form of the provider.
func (p *tab) signInThere(user, password string) {
	p.Helper()
	p.fill("#username", user)
	p.fill("#password", password)
	p.press("button")
}

// answerOf signs in at the provider beside the browser, and returns the address
// that the browser would be led back to.
func (p *tab) answerOf(port string) string {
	p.Helper()
	client := &http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Hostname() == "localhost" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	response, err := client.PostForm(providerAt(port)+"login/username", url.Values{
		"id": {p.read(`document.querySelector("input[name=id]").value`)}, "username": {"alice"}, "password": {providerPassword},
	})
	if err != nil {
		p.Fatal(err)
	}
	response.Body.Close()
	answer := response.Header.Get("Location")
	if !strings.Contains(answer, "/2fa/signin/oidc?") {
		p.Fatalf("the provider leads to %q", answer)
	}
	return answer
}

// providerPort is where the site looks for its provider.
func (s *site) providerPort(t *testing.T) string {
	t.Helper()
	issuer, err := url.Parse(s.config.Page.SignIn.Provider.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	return issuer.Port()
}
