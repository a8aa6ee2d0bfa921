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

	"vpn-otpd/radiusd/access"
)

// Bounds of what comes back with the browser, in octets; Microsoft's codes take
// one to two thousand.
const maxCode = 8 << 10

// clockSkew is by how much the provider's clock may differ from ours.
const clockSkew = 2 * time.Minute

// Finish takes what came back with the browser, and asks the provider for whom the
// code is. The caller has forgotten the attempt already. The error is one of
// ErrAway, ErrDenied, ErrStale and ErrInvalid.
func (p *Provider) Finish(ctx context.Context, attempt Attempt, answer url.Values) (access.Identity, error) {
	identity, err := p.finish(ctx, attempt, answer)
	p.counts.count(err)
	return identity, err
}

func (p *Provider) finish(ctx context.Context, attempt Attempt, answer url.Values) (access.Identity, error) {
	if !attempt.Answered(answer) {
		return access.Identity{}, fmt.Errorf("%w: another state", ErrStale)
	}
	if age := p.now().Sub(attempt.Begun); age < 0 || age >= attemptLifetime {
		return access.Identity{}, fmt.Errorf("%w: it took longer than %s", ErrStale, attemptLifetime)
	}
	known, err := p.discover(ctx)
	if err != nil {
		return access.Identity{}, err
	}
	code, err := p.codeOf(known, answer)
	if err != nil {
		return access.Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := known.oauth.Exchange(ctx, code, oauth2.VerifierOption(attempt.Verifier))
	if err != nil {
		return access.Identity{}, refusedCode(err)
	}
	verified, err := p.verify(ctx, known, attempt, token)
	if err != nil {
		return access.Identity{}, err
	}
	return p.identify(ctx, known, verified, token)
}

// codeOf reads the answer. Each parameter is there once (RFC 6749 section 3.1).
func (p *Provider) codeOf(known *discovered, answer url.Values) (string, error) {
	for _, name := range []string{"iss", "error", "code"} {
		if len(answer[name]) > 1 {
			return "", fmt.Errorf("%w: there is more than one %s", ErrInvalid, name)
		}
	}
	if issuer := answer.Get("iss"); (answer.Has("iss") || known.namesItself) && issuer != p.options.Issuer {
		return "", fmt.Errorf("%w: it comes from the issuer %.200q", ErrInvalid, issuer)
	}
	if answer.Has("error") {
		return "", deniedBy(answer.Get("error"))
	}
	code := answer.Get("code")
	if code == "" || len(code) > maxCode {
		return "", fmt.Errorf("%w: a code of %d octets", ErrInvalid, len(code))
	}
	return code, nil
}

// verify checks the ID token (OpenID Connect Core 1.0 section 3.1.3.7).
func (p *Provider) verify(ctx context.Context, known *discovered, attempt Attempt, token *oauth2.Token) (*oidc.IDToken, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, fmt.Errorf("%w: there is no ID token; is the scope openid allowed?", ErrInvalid)
	}
	verified, err := known.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: the ID token: %w", ErrInvalid, shortened(err))
	}
	var party struct {
		Authorized string `json:"azp"`
	}
	if err := verified.Claims(&party); err != nil {
		return nil, fmt.Errorf("%w: the ID token: %w", ErrInvalid, shortened(err))
	}
	now := p.now()
	others := slices.ContainsFunc(verified.Audience, func(a string) bool { return a != p.options.ClientID })
	switch {
	case verified.Subject == "":
		err = errors.New("it is about nobody")
	case verified.Nonce != attempt.Nonce:
		err = errors.New("it is of another sign-in")
	case party.Authorized != "" && party.Authorized != p.options.ClientID, others && party.Authorized == "":
		err = errors.New("it was made for another client")
	case verified.IssuedAt.Before(attempt.Begun.Add(-clockSkew)):
		err = errors.New("it is older than the sign-in; do the clocks agree?")
	case verified.IssuedAt.After(now.Add(clockSkew)):
		err = errors.New("it is of the future; do the clocks agree?")
	case verified.AccessTokenHash != "" && verified.VerifyAccessToken(token.AccessToken) != nil:
		err = errors.New("it belongs to another access token")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the ID token: %w", ErrInvalid, err)
	}
	return verified, nil
}
