package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	i := startProvider(t)
	i.token = map[string]any{"groups": []string{"staff", "vpn"}}
	p := i.ours(t)
	attempt, answer := i.begin(t, p)
	for name, want := range map[string]string{"response_type": "code", "client_id": testClient, "redirect_uri": testReturn, "scope": "openid profile",
		"state": attempt.State, "nonce": attempt.Nonce, "code_challenge_method": "S256", "ui_locales": "de"} {
		if got := i.asked.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if len(attempt.State) < 22 || len(attempt.Nonce) < 22 || attempt.State == attempt.Nonce || strings.Contains(i.asked.Encode(), attempt.Verifier) {
		t.Errorf("%+v", attempt)
	}
	identity, err := p.Finish(t.Context(), attempt, answer)
	if err != nil || identity.Name != "alice" || !slices.Equal(identity.Groups, []string{"staff", "vpn"}) {
		t.Fatalf("%+v, %v", identity, err)
	}
	// The provider itself takes a code once.
	if _, err := p.Finish(t.Context(), attempt, answer); !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), "the code\"") {
		t.Errorf("again: %v", err)
	}
	if second, _ := i.begin(t, p); second.State == attempt.State || second.Nonce == attempt.Nonce || second.Verifier == attempt.Verifier {
		t.Error("two attempts are alike")
	}
	if i.requests["/.well-known/openid-configuration"] != 1 || p.Counters()["accepted"] != 1 || p.Counters()["invalid"] != 1 {
		t.Errorf("%v, %v", i.requests, p.Counters())
	}
}

// Nothing but an ID token of this provider, for us, for this sign-in and of now
// says who a user is.
func TestTokensRefused(t *testing.T) {
	t.Parallel()
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, lie := range map[string]func(*identityProvider){
		"another nonce":           func(i *identityProvider) { i.token = map[string]any{"nonce": "another"} },
		"no nonce":                func(i *identityProvider) { i.token = map[string]any{"nonce": nil} },
		"another audience":        func(i *identityProvider) { i.token = map[string]any{"aud": "another"} },
		"no audience":             func(i *identityProvider) { i.token = map[string]any{"aud": nil} },
		"a second audience":       func(i *identityProvider) { i.token = map[string]any{"aud": []string{testClient, "another"}} },
		"another party":           func(i *identityProvider) { i.token = map[string]any{"azp": "another"} },
		"another party of two":    func(i *identityProvider) { i.token = map[string]any{"aud": []string{testClient, "x"}, "azp": "x"} },
		"another issuer":          func(i *identityProvider) { i.token = map[string]any{"iss": "https://id.example.com"} },
		"a slash more":            func(i *identityProvider) { i.token = map[string]any{"iss": i.URL + "/"} },
		"no issuer":               func(i *identityProvider) { i.token = map[string]any{"iss": nil} },
		"no subject":              func(i *identityProvider) { i.token = map[string]any{"sub": nil} },
		"expired":                 func(i *identityProvider) { i.token = map[string]any{"exp": time.Now().Add(-time.Second).Unix()} },
		"never expires":           func(i *identityProvider) { i.token = map[string]any{"exp": nil} },
		"older than the sign-in":  func(i *identityProvider) { i.token = map[string]any{"iat": time.Now().Add(-3 * time.Minute).Unix()} },
		"of no time":              func(i *identityProvider) { i.token = map[string]any{"iat": nil} },
		"of the future":           func(i *identityProvider) { i.token = map[string]any{"iat": time.Now().Add(3 * time.Minute).Unix()} },
		"not yet":                 func(i *identityProvider) { i.token = map[string]any{"nbf": time.Now().Add(time.Hour).Unix()} },
		"of another access token": func(i *identityProvider) { i.token = map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"} },
		"unsigned":                func(i *identityProvider) { i.sign = unsigned },
		"signed by a stranger":    func(i *identityProvider) { i.sign = func(p []byte) string { return signedBy(jose.ES256, stranger, p) } },
		"signed with our secret": func(i *identityProvider) {
			i.sign = func(p []byte) string { return signedBy(jose.HS256, []byte(strings.Repeat(testSecret, 2)), p) }
		},
		"changed after it was":    func(i *identityProvider) { i.sign = func(p []byte) string { return i.forged(p) } },
		"no token":                func(i *identityProvider) { i.answer = map[string]any{"id_token": nil} },
		"nothing like a token":    func(i *identityProvider) { i.answer = map[string]any{"id_token": "x"} },
		"a token of another kind": func(i *identityProvider) { i.answer = map[string]any{"id_token": 7} },
		"no access token":         func(i *identityProvider) { i.answer = map[string]any{"access_token": nil} },
		"a huge answer":           func(i *identityProvider) { i.answer = map[string]any{"filler": strings.Repeat("x", maxAnswer)} },
		"a refused code":          func(i *identityProvider) { i.code = "another" },
		"no name":                 func(i *identityProvider) { i.token = map[string]any{"preferred_username": nil} },
		"an empty name":           func(i *identityProvider) { i.token = map[string]any{"preferred_username": ""} },
		"a name that is a number": func(i *identityProvider) { i.token = map[string]any{"preferred_username": 7} },
		"a long name": func(i *identityProvider) {
			i.token = map[string]any{"preferred_username": strings.Repeat("a", maxName+1)}
		},
		"groups that are numbers":  func(i *identityProvider) { i.token = map[string]any{"groups": []int{1}} },
		"groups that are a table":  func(i *identityProvider) { i.token = map[string]any{"groups": map[string]any{"a": "b"}} },
		"no groups claim":          func(i *identityProvider) { i.token = map[string]any{"groups": nil} },
		"groups that are null":     func(i *identityProvider) { i.token = map[string]any{"groups": json.RawMessage("null")} },
		"no groups claim anywhere": func(i *identityProvider) { i.token, i.userInfo = map[string]any{"groups": nil}, map[string]any{} },
		"an empty group":           func(i *identityProvider) { i.token = map[string]any{"groups": []string{"a", ""}} },
		"a long group": func(i *identityProvider) {
			i.token = map[string]any{"groups": []string{strings.Repeat("a", maxGroup+1)}}
		},
		"too many groups": func(i *identityProvider) { i.token = map[string]any{"groups": slices.Repeat([]string{"a"}, 1001)} },
		"groups that are elsewhere": func(i *identityProvider) {
			i.token = map[string]any{"_claim_names": map[string]any{"groups": "s"}, "_claim_sources": map[string]any{"s": map[string]any{"endpoint": i.URL}}}
		},
		"of another user": func(i *identityProvider) {
			i.token, i.userInfo = map[string]any{"preferred_username": nil}, map[string]any{"sub": "user-2", "preferred_username": "bob"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := startProvider(t)
			if name == "of another user" { // whether there is one is said at the discovery
				lie(i)
			}
			p := i.ours(t)
			attempt, answer := i.begin(t, p)
			i.with(lie)
			identity, err := p.Finish(t.Context(), attempt, answer)
			if !errors.Is(err, ErrInvalid) || identity.Name != "" {
				t.Errorf("%+v, %v", identity, err)
			}
			if err != nil && (len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), testSecret)) {
				t.Errorf("the error says %q", err)
			}
		})
	}
}

// forged is a token whose payload was changed after it was signed.
func (i *identityProvider) forged(payload []byte) string {
	parts := strings.Split(i.signed(payload), ".")
	other := strings.Split(i.signed([]byte(strings.Replace(string(payload), "alice", "admin", 1))), ".")
	return parts[0] + "." + other[1] + "." + parts[2]
}

func TestTokensTaken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		set    func(*identityProvider)
		option func(*Options)
		user   string
		groups []string
	}{
		"two audiences, made for us": {set: func(i *identityProvider) {
			i.token = map[string]any{"aud": []string{testClient, "x"}, "azp": testClient}
		}, user: "alice"},
		"clocks that differ":   {set: func(i *identityProvider) { i.token = map[string]any{"iat": time.Now().Add(time.Minute).Unix()} }, user: "alice"},
		"one group":            {set: func(i *identityProvider) { i.token = map[string]any{"groups": "staff"} }, user: "alice", groups: []string{"staff"}},
		"groups not asked for": {set: func(i *identityProvider) { i.token = map[string]any{"groups": 7} }, option: func(o *Options) { o.GroupsClaim = "" }, user: "alice"},
		"the subject":          {set: func(*identityProvider) {}, option: func(o *Options) { o.NameClaim = "sub" }, user: "user-1"},
		"the secret in the form": {set: func(i *identityProvider) {
			i.begun = map[string]any{"token_endpoint_auth_methods_supported": []string{"client_secret_post"}}
		}, user: "alice"},
		"a name told on request": {set: func(i *identityProvider) {
			i.token = map[string]any{"preferred_username": nil, "groups": nil}
			i.userInfo = map[string]any{"preferred_username": "alice", "groups": []string{"vpn"}}
		}, user: "alice", groups: []string{"vpn"}},
		"a name that is told already": {set: func(i *identityProvider) {
			i.token, i.userInfo = map[string]any{"groups": nil}, map[string]any{"preferred_username": "bob", "groups": "vpn"}
		}, user: "alice", groups: []string{"vpn"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := startProvider(t)
			test.set(i)
			if test.option == nil {
				test.option = func(*Options) {}
			}
			p := i.ours(t, test.option)
			attempt, answer := i.begin(t, p)
			identity, err := p.Finish(t.Context(), attempt, answer)
			if err != nil || identity.Name != test.user || !slices.Equal(identity.Groups, test.groups) || identity.GroupsKnown != (p.options.GroupsClaim != "") {
				t.Errorf("%+v, %v", identity, err)
			}
		})
	}
}

// A mail address is a name only where the provider has verified it.
func TestMailAddress(t *testing.T) {
	t.Parallel()
	const mail = "alice@example.org"
	for _, test := range []struct {
		token, userInfo map[string]any
		good            bool
	}{
		{map[string]any{"email": mail, "email_verified": true}, nil, true},
		{map[string]any{"email": mail, "email_verified": "true"}, nil, true},
		{map[string]any{"email": mail, "email_verified": false}, nil, false},
		{map[string]any{"email": mail, "email_verified": "false"}, nil, false},
		{map[string]any{"email": mail}, nil, false},
		{map[string]any{"email_verified": true}, map[string]any{"email": mail}, false},
		{map[string]any{"email": mail, "email_verified": false}, map[string]any{"email": mail, "email_verified": true}, false},
		{nil, map[string]any{"email": mail, "email_verified": true}, true},
		{nil, map[string]any{"email": mail}, false},
	} {
		i := startProvider(t)
		i.token, i.userInfo = test.token, test.userInfo
		p := i.ours(t, func(o *Options) { o.NameClaim, o.GroupsClaim = "email", "" })
		attempt, answer := i.begin(t, p)
		identity, err := p.Finish(t.Context(), attempt, answer)
		if (err == nil && identity.Name == mail) != test.good || !test.good && !errors.Is(err, ErrInvalid) {
			t.Errorf("%v, %v: %+v, %v", test.token, test.userInfo, identity, err)
		}
	}
}

// What comes back with the browser can be anything.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(url.Values)
		want   error
	}{
		"another state":      {func(a url.Values) { a.Set("state", "another") }, ErrStale},
		"no state":           {func(a url.Values) { a.Del("state") }, ErrStale},
		"two states":         {func(a url.Values) { a.Add("state", a.Get("state")) }, ErrStale},
		"no code":            {func(a url.Values) { a.Del("code") }, ErrInvalid},
		"two codes":          {func(a url.Values) { a.Add("code", "the code") }, ErrInvalid},
		"another code":       {func(a url.Values) { a.Set("code", "another") }, ErrInvalid},
		"a long code":        {func(a url.Values) { a.Set("code", strings.Repeat("x", maxCode+1)) }, ErrInvalid},
		"another issuer":     {func(a url.Values) { a.Set("iss", "https://id.example.com") }, ErrInvalid},
		"an empty issuer":    {func(a url.Values) { a.Set("iss", "") }, ErrInvalid},
		"denied":             {func(a url.Values) { a.Set("error", "access_denied") }, ErrDenied},
		"not signed in":      {func(a url.Values) { a.Set("error", "login_required") }, ErrDenied},
		"away":               {func(a url.Values) { a.Set("error", "temporarily_unavailable") }, ErrAway},
		"wrongly configured": {func(a url.Values) { a.Set("error", "unauthorized_client") }, ErrInvalid},
		"an empty error":     {func(a url.Values) { a.Set("error", "") }, ErrInvalid},
		"denied elsewhere":   {func(a url.Values) { a.Set("error", "access_denied"); a.Set("iss", "https://id.example.com") }, ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := startProvider(t)
			p := i.ours(t)
			attempt, answer := i.begin(t, p)
			test.change(answer)
			if identity, err := p.Finish(t.Context(), attempt, answer); !errors.Is(err, test.want) || identity.Name != "" {
				t.Errorf("%+v, %v", identity, err)
			}
		})
	}
	i := startProvider(t)
	i.begun = map[string]any{"authorization_response_iss_parameter_supported": true}
	p := i.ours(t)
	attempt, answer := i.begin(t, p)
	if _, err := p.Finish(t.Context(), attempt, answer); !errors.Is(err, ErrInvalid) {
		t.Errorf("without its name: %v", err)
	}
	answer.Set("iss", i.URL)
	if _, err := p.Finish(t.Context(), attempt, answer); err != nil {
		t.Errorf("with its name: %v", err)
	}
	if (Attempt{}).Answered(url.Values{"state": {""}}) {
		t.Error("no attempt was answered")
	}
}

// Another browser's attempt has another verifier and another nonce.
func TestAnswerOfAnother(t *testing.T) {
	t.Parallel()
	i := startProvider(t)
	p := i.ours(t)
	first, _ := i.begin(t, p)
	second, answer := i.begin(t, p)
	mixed := second
	mixed.Verifier = first.Verifier
	if _, err := p.Finish(t.Context(), mixed, answer); !errors.Is(err, ErrInvalid) {
		t.Errorf("another verifier: %v", err)
	}
	mixed = second
	mixed.Nonce = first.Nonce
	if _, err := p.Finish(t.Context(), mixed, answer); !errors.Is(err, ErrInvalid) {
		t.Errorf("another nonce: %v", err)
	}
}

func TestAttemptExpires(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]error{attemptLifetime - time.Second: nil, attemptLifetime: ErrStale, -time.Second: ErrStale} {
		i := startProvider(t)
		p := i.ours(t)
		attempt, answer := i.begin(t, p)
		later := time.Now().Add(after)
		i.with(func(i *identityProvider) { i.now = func() time.Time { return later } })
		attempt.Begun = later.Add(-after)
		if _, err := p.Finish(t.Context(), attempt, answer); !errors.Is(err, want) {
			t.Errorf("after %s: %v", after, err)
		}
	}
}

func TestTokenEndpointFails(t *testing.T) {
	t.Parallel()
	i := startProvider(t)
	p := i.ours(t)
	attempt, answer := i.begin(t, p)
	i.with(func(i *identityProvider) { i.status = http.StatusBadGateway })
	if _, err := p.Finish(t.Context(), attempt, answer); !errors.Is(err, ErrAway) {
		t.Errorf("it fails: %v", err)
	}
	i.with(func(i *identityProvider) { i.status = http.StatusFound })
	if _, err := p.Finish(t.Context(), attempt, answer); !errors.Is(err, ErrInvalid) {
		t.Errorf("it leads elsewhere: %v", err)
	}
	i.Close()
	if _, err := p.Finish(t.Context(), attempt, answer); !errors.Is(err, ErrAway) {
		t.Errorf("it is gone: %v", err)
	}
	if p.Counters()["away"] != 2 {
		t.Errorf("%v", p.Counters())
	}
}
