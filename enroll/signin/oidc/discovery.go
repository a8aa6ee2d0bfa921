package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// retryAfter is how long a provider that was away isn't asked again: users
	// who wait are told at once.
	retryAfter = 5 * time.Second
	// rediscoverAfter is when what the provider said of itself is asked anew.
	rediscoverAfter = time.Hour
)

// discovered is what the provider says of itself (OpenID Connect Discovery 1.0).
type discovered struct {
	at       time.Time
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
	// namesItself: its answers carry iss (RFC 9207).
	namesItself bool
}

// discover returns what is known of the provider, and asks it where that is
// nothing yet or old. What is old stays in use while the provider is away.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := p.now()
	known := p.discovered
	if known != nil && now.Sub(known.at) < rediscoverAfter {
		return known, nil
	}
	if p.fault == nil || now.Sub(p.tried) >= retryAfter {
		// Whoever waits behind this one needs it too: it doesn't end with the request.
		fresh, err := p.ask(context.WithoutCancel(ctx), now)
		if p.fault, p.tried = err, now; err == nil {
			p.discovered = fresh
			return fresh, nil
		}
	}
	if known != nil {
		return known, nil
	}
	return nil, fmt.Errorf("%w: %w", ErrAway, p.fault)
}

func (p *Provider) ask(ctx context.Context, now time.Time) (*discovered, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	provider, err := oidc.NewProvider(ctx, p.options.Issuer)
	if err != nil {
		return nil, fmt.Errorf("asking the provider about itself: %w", shortened(err))
	}
	var said struct {
		Methods     []string `json:"token_endpoint_auth_methods_supported"`
		NamesItself bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := provider.Claims(&said); err != nil {
		return nil, fmt.Errorf("reading what the provider says of itself: %w", err)
	}
	endpoint := provider.Endpoint()
	for _, address := range []string{endpoint.AuthURL, endpoint.TokenURL} {
		if u, err := url.Parse(address); err != nil || !trustworthy(u) {
			return nil, errors.New("the provider names an endpoint that isn't an https address")
		}
	}
	// The one that each provider must know, unless it says that it doesn't
	// (OpenID Connect Discovery 1.0 section 3). To try both would spend the code.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if len(said.Methods) > 0 && !slices.Contains(said.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &discovered{
		at: now, provider: provider, namesItself: said.NamesItself,
		verifier: provider.VerifierContext(ctx, &oidc.Config{ClientID: p.options.ClientID, Now: p.now}),
		oauth: oauth2.Config{ClientID: p.options.ClientID, ClientSecret: p.options.ClientSecret,
			Endpoint: endpoint, RedirectURL: p.options.RedirectURL, Scopes: p.scopes},
	}, nil
}
