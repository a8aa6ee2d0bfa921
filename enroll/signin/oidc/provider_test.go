package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// identityProvider is one that can be made to lie. It knows one user.
type identityProvider struct {
	*httptest.Server
	mutex    sync.Mutex
	key      *ecdsa.PrivateKey
	asked    url.Values     // of the last authorization request
	requests map[string]int // by path
	code     string         // the one that is good, once
	begun    map[string]any // overrides of the discovery
	token    map[string]any // overrides of the ID token; nil removes
	answer   map[string]any // overrides of the token response
	userInfo map[string]any // nil: there is none
	sign     func(payload []byte) string
	status   int // of the token endpoint; 0: as it should be
	now      func() time.Time
}

const (
	testClient = "vpn-otpd"
	testSecret = "a secret of the client"
	testReturn = "https://vpn.example.org/2fa/signin/oidc"
)

func startProvider(t *testing.T) *identityProvider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &identityProvider{key: key, code: "the code", requests: make(map[string]int), now: time.Now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("POST /token", i.giveToken)
	mux.HandleFunc("GET /userinfo", i.tellMore)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mutex.Lock()
		defer i.mutex.Unlock()
		i.requests[r.URL.Path]++
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

// with changes what it says from now on.
func (i *identityProvider) with(change func(*identityProvider)) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	change(i)
}

func reply(w http.ResponseWriter, said map[string]any, overrides map[string]any) {
	said = overridden(said, overrides)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(said)
}

func overridden(said, overrides map[string]any) map[string]any {
	maps.Copy(said, overrides)
	maps.DeleteFunc(said, func(_ string, value any) bool { return value == nil })
	return said
}

func (i *identityProvider) discovery(w http.ResponseWriter, _ *http.Request) {
	said := map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"},
	}
	if i.userInfo != nil {
		said["userinfo_endpoint"] = i.URL + "/userinfo"
	}
	reply(w, said, i.begun)
}

func (i *identityProvider) keys(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
}

// giveToken takes the code as RFC 6749 and RFC 7636 say.
func (i *identityProvider) giveToken(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	secret, _ = url.QueryUnescape(secret)
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	right := id == testClient && secret == testSecret && r.PostFormValue("code") == i.code && r.PostFormValue("redirect_uri") == testReturn &&
		i.asked.Get("code_challenge_method") == "S256" && i.asked.Get("code_challenge") == base64.RawURLEncoding.EncodeToString(challenge[:])
	if i.status != 0 || !right {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(max(i.status, http.StatusBadRequest))
		w.Write([]byte(`{"error": "invalid_grant", "error_description": "` + r.PostFormValue("code") + `"}`))
		return
	}
	i.code = "" // spent
	said := map[string]any{
		"iss": i.URL, "sub": "user-1", "aud": testClient, "nonce": i.asked.Get("nonce"),
		"iat": i.now().Unix(), "exp": i.now().Add(time.Minute).Unix(), "preferred_username": "alice", "groups": []string{},
	}
	payload, _ := json.Marshal(overridden(said, i.token))
	raw := i.signed(payload)
	if i.sign != nil {
		raw = i.sign(payload)
	}
	reply(w, map[string]any{"access_token": "an access token", "token_type": "Bearer", "id_token": raw}, i.answer)
}

func (i *identityProvider) signed(payload []byte) string { return signedBy(jose.ES256, i.key, payload) }

func signedBy(algorithm jose.SignatureAlgorithm, key any, payload []byte) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "one"))
	if err != nil {
		panic(err)
	}
	signature, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	raw, err := signature.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return raw
}

// unsigned is what RFC 7519 section 6 calls an unsecured token.
func unsigned(payload []byte) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"one"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

func (i *identityProvider) tellMore(w http.ResponseWriter, r *http.Request) {
	if i.userInfo == nil || r.Header.Get("Authorization") != "Bearer an access token" {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	reply(w, map[string]any{"sub": "user-1"}, i.userInfo)
}

// ours is a provider as it is configured here.
func (i *identityProvider) ours(t *testing.T, change ...func(*Options)) *Provider {
	t.Helper()
	o := Options{Issuer: i.URL, ClientID: testClient, ClientSecret: testSecret, RedirectURL: testReturn,
		Scopes: []string{"profile"}, NameClaim: "preferred_username", GroupsClaim: "groups", Now: func() time.Time { return i.now() }}
	for _, f := range change {
		f(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.client.CloseIdleConnections)
	return p
}

// begin is the way of a browser to the provider and back.
func (i *identityProvider) begin(t *testing.T, p *Provider) (Attempt, url.Values) {
	t.Helper()
	address, attempt, err := p.Begin(t.Context(), "de")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, i.URL+"/authorize?") {
		t.Fatalf("led to %s", address)
	}
	i.with(func(i *identityProvider) { i.asked, i.code = u.Query(), "the code" })
	return attempt, url.Values{"code": {"the code"}, "state": {u.Query().Get("state")}}
}
