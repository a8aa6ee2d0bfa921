package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// A portal sends its users to the page, from where a link leads back to it; to
// other addresses none does.
func TestBrowserReturnsToPortal(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<title>Portal</title><p>back at " + r.URL.Path + ", from (" + r.Referer() + ")"))
	}))
	t.Cleanup(portal.Close)
	s := startSite(t, `return = ["`+portal.URL+`/vpn"]`)
	for user, asked := range map[string]string{"alice": portal.URL + "/vpn/start", "bob": portal.URL + "/other", "carol": "https://evil.example.org/vpn"} {
		s.add(t, user)
		p := b.visitor(t)
		p.open(s.url + "?return=" + url.QueryEscape(asked))
		p.fill("#username", user)
		p.fill("#password", sitePassword)
		p.press("#submit")
		p.enroll("Phone")
		if user != "alice" {
			p.hides(`id="return"`, "/other", "evil.example.org")
			p.press("#account")
			p.hides(`id="return"`, "/other", "evil.example.org")
			continue
		}
		p.recoveryCodes()
		p.press("#return")
		p.shows("back at /vpn/start, from ()")
	}
}
