package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// attemptLifetime is how long a user may take at the provider.
const attemptLifetime = 10 * time.Minute

// Attempt is a sign-in under way. It is kept on the server, with the browser that
// began it, and goes with the first answer.
type Attempt struct {
	State    string // comes back with the answer
	Nonce    string // comes back in the ID token
	Verifier string // proves that the code is asked for by who began (RFC 7636)
	Begun    time.Time
}

// Begin returns where the browser is to go to, and what to keep until it comes
// back. Language is what the user reads, such as "de". The error is ErrAway.
func (p *Provider) Begin(ctx context.Context, language string) (address string, attempt Attempt, err error) {
	known, err := p.discover(ctx)
	if err != nil {
		p.counts.away.Add(1)
		return "", Attempt{}, err
	}
	attempt = Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Begun: p.now()}
	return known.oauth.AuthCodeURL(attempt.State, oidc.Nonce(attempt.Nonce), oauth2.S256ChallengeOption(attempt.Verifier),
		oauth2.SetAuthURLParam("ui_locales", language)), attempt, nil
}

// Answered reports whether what came back belongs to the attempt: only then is it
// spent, or anybody could end another's sign-in.
func (a Attempt) Answered(answer url.Values) bool {
	states := answer["state"]
	return a.State != "" && len(states) == 1 && subtle.ConstantTimeCompare([]byte(states[0]), []byte(a.State)) == 1
}
