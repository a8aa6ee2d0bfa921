package oidc

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A provider that is away is asked again, not too often, and what is known of it
// stays in use.
func TestProviderAway(t *testing.T) {
	t.Parallel()
	i := startProvider(t)
	handler := i.Config.Handler
	var mutex sync.Mutex
	away, asked, now := true, 0, time.Now()
	i.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		if asked++; away {
			http.Error(w, strings.Repeat("away ", 1000), http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(w, r)
	})
	set := func(isAway bool, later time.Duration) {
		mutex.Lock()
		defer mutex.Unlock()
		away, now = isAway, now.Add(later)
	}
	p := i.ours(t, func(o *Options) {
		o.Now = func() time.Time { mutex.Lock(); defer mutex.Unlock(); return now }
	})
	for _, step := range []struct {
		away  bool
		later time.Duration
		asked int
		want  error
	}{
		{true, 0, 1, ErrAway},
		{true, retryAfter - time.Second, 1, ErrAway}, // not asked again
		{false, time.Second, 2, nil},
		{true, rediscoverAfter - time.Second, 2, nil},
		{true, time.Second, 3, nil}, // the old one stays in use
		{true, time.Second, 3, nil},
		{false, retryAfter, 4, nil},
	} {
		set(step.away, step.later)
		_, _, err := p.Begin(t.Context(), "en")
		if !errors.Is(err, step.want) || asked != step.asked || err != nil && len(err.Error()) > 400 {
			t.Errorf("%+v: asked %d times, %v", step, asked, err)
		}
	}
}

// A provider that calls itself something else, or that leads browsers or our
// secret over a wire that anybody reads, is none.
func TestDiscoveryRefused(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]map[string]any{
		"another issuer":   {"issuer": "https://id.example.com"},
		"plain http":       {"token_endpoint": "http://id.example.com/token"},
		"a script":         {"authorization_endpoint": "javascript:alert(1)"},
		"no token":         {"token_endpoint": nil},
		"no authorization": {"authorization_endpoint": nil},
		"a huge answer":    {"filler": strings.Repeat("x", maxAnswer)},
	} {
		i := startProvider(t)
		i.begun = said
		if address, _, err := i.ours(t).Begin(t.Context(), "en"); !errors.Is(err, ErrAway) || address != "" {
			t.Errorf("%s: %q, %v", name, address, err)
		}
	}
	elsewhere := startProvider(t)
	i := startProvider(t)
	i.Config.Handler = http.RedirectHandler(elsewhere.URL+"/.well-known/openid-configuration", http.StatusFound)
	if _, _, err := i.ours(t).Begin(t.Context(), "en"); !errors.Is(err, ErrAway) || len(elsewhere.requests) > 0 {
		t.Errorf("a redirect: %v, %v", err, elsewhere.requests)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	good := Options{Issuer: "https://id.example.org/realms/vpn", ClientID: "a", ClientSecret: "b", RedirectURL: testReturn, NameClaim: "sub"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Options){
		"no issuer":   func(o *Options) { o.Issuer = "" },
		"plain http":  func(o *Options) { o.Issuer = "http://id.example.org" },
		"no host":     func(o *Options) { o.Issuer = "https:///x" },
		"a query":     func(o *Options) { o.Issuer += "?a=b" },
		"a user":      func(o *Options) { o.Issuer = "https://a@id.example.org" },
		"no client":   func(o *Options) { o.ClientID = "" },
		"no secret":   func(o *Options) { o.ClientSecret = "" },
		"no way back": func(o *Options) { o.RedirectURL = "" },
		"no name":     func(o *Options) { o.NameClaim = "" },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for issuer, want := range map[string]bool{"http://localhost:8080": true, "http://127.0.0.1": true, "http://[::1]:1": true, "http://localhost.example.org": false, "ftp://localhost": false} {
		o := good
		o.Issuer = issuer
		if (o.Check() == nil) != want {
			t.Errorf("%s: %v", issuer, !want)
		}
	}
}
