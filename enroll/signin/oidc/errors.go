package oidc

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/oauth2"
)

// What can become of an attempt, beside a user. The text behind each is for the log.
var (
	// ErrAway: the provider can't be asked, or says so itself.
	ErrAway = errors.New("the identity provider is away")
	// ErrDenied: the provider, or the user there, has said no.
	ErrDenied = errors.New("the identity provider let nobody in")
	// ErrStale: the answer belongs to no attempt, or comes too late.
	ErrStale = errors.New("the answer is of no sign-in that is under way")
	// ErrInvalid: what the provider says can't be believed or used.
	ErrInvalid = errors.New("the answer of the identity provider can't be used")
)

// maxWords is how many octets of what the provider says an error takes.
const maxWords = 200

// shortened keeps an error to one line without what a server wrote at length.
func shortened(err error) error {
	text := strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, err.Error())
	return errors.New(strings.ToValidUTF8(text[:min(len(text), maxWords)], "?"))
}

// refusedCode is why no token came for a code. What a server sends beside the
// names of RFC 6749 section 5.2 may hold what we sent it, so that is left out.
func refusedCode(err error) error {
	var refused *oauth2.RetrieveError
	switch {
	case !errors.As(err, &refused):
		var invalid interface{ Timeout() bool } // of the network: *url.Error
		if errors.As(err, &invalid) {
			return fmt.Errorf("%w: asking for the token: %w", ErrAway, shortened(err))
		}
		return fmt.Errorf("%w: the answer to the code isn't a token", ErrInvalid)
	case refused.Response.StatusCode >= 500:
		return fmt.Errorf("%w: asked for the token it said %s", ErrAway, refused.Response.Status)
	}
	return fmt.Errorf("%w: asked for the token it said %s, error %.64q", ErrInvalid, refused.Response.Status, refused.ErrorCode)
}

// deniedBy sorts the errors that come back with the browser (RFC 6749 section
// 4.1.2.1, OpenID Connect Core 1.0 section 3.1.2.6).
func deniedBy(code string) error {
	switch code {
	case "access_denied", "login_required", "interaction_required", "account_selection_required", "consent_required":
		return fmt.Errorf("%w: %s", ErrDenied, code)
	case "server_error", "temporarily_unavailable":
		return fmt.Errorf("%w: it said %s", ErrAway, code)
	}
	return fmt.Errorf("%w: it said error %.64q", ErrInvalid, code)
}

// counts are by what became of attempts.
type counts struct{ accepted, away, denied, stale, invalid atomic.Uint64 }

func (c *counts) count(err error) {
	switch {
	case err == nil:
		c.accepted.Add(1)
	case errors.Is(err, ErrAway):
		c.away.Add(1)
	case errors.Is(err, ErrDenied):
		c.denied.Add(1)
	case errors.Is(err, ErrStale):
		c.stale.Add(1)
	default:
		c.invalid.Add(1)
	}
}

// Counters are what became of attempts since the start, by outcome.
func (p *Provider) Counters() map[string]uint64 {
	return map[string]uint64{
		"accepted": p.counts.accepted.Load(), "away": p.counts.away.Load(), "denied": p.counts.denied.Load(),
		"stale": p.counts.stale.Load(), "invalid": p.counts.invalid.Load(),
	}
}
