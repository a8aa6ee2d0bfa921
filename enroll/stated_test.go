package enroll

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"vpn-otpd/radiusd/access"
)

// headerOf is a header that each request may set.
type headerOf string

func (h headerOf) Identify(r *http.Request) (access.Identity, error) {
	if name := r.Header.Get(string(h)); name != "" {
		return access.Identity{Name: name, Groups: []string{"staff"}}, nil
	}
	return access.Identity{}, errors.New("no header")
}

func TestSignInByHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.SignIn, o.Header, o.HeaderLabel = []SignInWay{SignInHeader}, headerOf("X-Test-User"), "the campus"
	})
	w.decide = func(r access.Request) (access.Decision, error) {
		if r.Known == nil || len(r.Password) > 0 || r.Known.Groups[0] != "staff" {
			t.Errorf("the gate was asked %+v", r)
		}
		return access.Decision{Verdict: access.Accept, Reason: access.SignedIn, User: r.UserName, Epoch: w.epoch}, nil
	}
	b := w.browser(t)
	b.get("").is(http.StatusOK, "Sign in with the campus").without("assword")
	b.post("signin/header").is(http.StatusUnprocessableEntity, "did not say who you are")

	b.header.Set("X-Test-User", "alice")
	b.get("").is(http.StatusOK, "Sign in as alice")
	b.get("signin/header").leadsTo("")
	b.post("signin", "username", "alice", "password", fakePassword).is(http.StatusNotFound)
	if len(w.requests) != 0 || b.token() != "" {
		t.Fatal("a look at the page has signed in")
	}
	b.post("signin/header", "return", "https://portal.example.org/vpn/").leadsTo("")
	b.get("").is(http.StatusOK, "Set up now", "portal.example.org")

	// The session is what counts from then on, until it ends.
	b.header.Set("X-Test-User", "bob")
	b.get("").is(http.StatusOK, "alice").without("bob")
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.post("signin/header").is(http.StatusForbidden)
	if last := w.requests[len(w.requests)-1]; len(w.requests) != 1 || last.UserName != "alice" {
		t.Errorf("the gate was asked %+v", w.requests)
	}
	if strings.Contains(w.log.String(), "bob") {
		t.Error("the log has the header")
	}
}

// A proxy that is known by something else than an address says where browsers are.
func TestAddressBehindTrustedProxy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		peer, forwarded string
		trusted         bool
		want            string
	}{
		{"uid 33", "203.0.113.9, 198.51.100.7", true, "198.51.100.7"},
		{"uid 33", "203.0.113.9, 198.51.100.7", false, "invalid IP"},
		{"uid 33", "", true, "invalid IP"},
		{"uid 33", "203.0.113.9, unknown", true, "invalid IP"},
		{"192.0.2.1:443", "203.0.113.9, 198.51.100.7", true, "198.51.100.7"},
		{"192.0.2.1:443", "203.0.113.9", false, "192.0.2.1"},
		{"192.0.2.1:443", "", true, "192.0.2.1"},
	} {
		r := &http.Request{RemoteAddr: test.peer, Header: http.Header{"X-Forwarded-For": {test.forwarded}}}
		if got := clientAddress(r, nil, test.trusted); got.String() != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
