package enroll

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vpn-otpd/enroll/signin/oidc"
	"vpn-otpd/radiusd/access"
)

// elsewhere is an identity provider that knows one user.
type elsewhere struct {
	begun    atomic.Int32
	finished atomic.Int32
	away     error
	refusal  error
	user     access.Identity
}

func (e *elsewhere) Begin(_ context.Context, language string) (string, oidc.Attempt, error) {
	if e.away != nil {
		return "", oidc.Attempt{}, e.away
	}
	n := e.begun.Add(1)
	attempt := oidc.Attempt{State: fmt.Sprint("state-", n), Nonce: fmt.Sprint("nonce-", n), Verifier: "verifier", Begun: time.Now()}
	return "https://id.example.org/authorize?a=1&state=" + attempt.State + "&ui_locales=" + language, attempt, nil
}

func (e *elsewhere) Finish(_ context.Context, attempt oidc.Attempt, answer url.Values) (access.Identity, error) {
	e.finished.Add(1)
	if !attempt.Answered(answer) || attempt.Verifier != "verifier" {
		return access.Identity{}, errors.New("the page asked with the attempt of another")
	}
	return e.user, e.refusal
}

func newElsewhere(t *testing.T, ways ...SignInWay) (*world, *elsewhere) {
	t.Helper()
	provider := &elsewhere{user: access.Identity{Name: "alice", Groups: []string{"staff"}}}
	w := newWorld(t, func(o *Options) {
		o.SignIn, o.Provider, o.ProviderLabel = ways, provider, "Example <University>"
		o.RejectDelay = 0
	})
	w.decide = func(r access.Request) (access.Decision, error) { // only those who are known already
		if r.Known == nil && r.State == "" {
			return access.Decision{}, errors.New("asked without an identity")
		}
		if r.Known != nil && r.Known.Name != "alice" {
			return access.Decision{Verdict: access.Reject, Reason: access.UserDisabled}, nil
		}
		if r.State == "" && len(w.standing.Account.Devices) > 0 {
			return access.Decision{Verdict: access.Challenge, Reason: access.CodeNeeded, User: "alice", State: "a state"}, nil
		}
		return access.Decision{Verdict: access.Accept, Reason: access.SignedIn, User: "alice", Epoch: w.epoch}, nil
	}
	return w, provider
}

func TestSignInElsewhere(t *testing.T) {
	t.Parallel()
	w, _ := newElsewhere(t, SignInProvider)
	b := w.browser(t)
	b.get("?return=https://portal.example.org/vpn/x").is(http.StatusOK, "Sign in with Example &lt;University&gt;", `value="https://portal.example.org/vpn/x"`).
		without("password", "Password", "Refresh")
	if w.sessions.writes != 0 {
		t.Error("a plain visit left something")
	}
	a := b.post("signin/oidc", "return", "https://portal.example.org/vpn/x").is(http.StatusOK, `href="https://id.example.org/authorize?a=1&amp;state=state-1&amp;ui_locales=en"`)
	if a.header.Get("Refresh") != "0; url=https://id.example.org/authorize?a=1&state=state-1&ui_locales=en" {
		t.Errorf("it leads to %q", a.header.Get("Refresh"))
	}
	if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self';") {
		t.Errorf("the policy is %q", policy)
	}
	before := b.token()
	if before == "" || len(w.requests) > 0 {
		t.Fatalf("token %q, %d questions", before, len(w.requests))
	}
	b.get("signin/oidc?code=c&state=state-1").leadsTo("")
	if b.token() == before || w.requests[0].UserName != "alice" || !slices.Equal(w.requests[0].Known.Groups, []string{"staff"}) ||
		len(w.requests[0].Password) > 0 || w.requests[0].Client.Mode != access.ModeWeb || w.requests[0].CallingStation != "127.0.0.1" {
		t.Errorf("the gate was asked %+v", w.requests)
	}
	b.get("").is(http.StatusOK, "Set up now", "portal.example.org")
	if kept := w.sessions.all(); strings.Contains(kept, "state-1") || strings.Contains(kept, "verifier") || strings.Count(kept, "\n") != 1 {
		t.Errorf("kept:\n%s", kept)
	}
	// The answer counts once; who is signed in stays so.
	b.get("signin/oidc?code=c&state=state-1").is(http.StatusUnprocessableEntity, "no longer valid")
	b.get("").is(http.StatusOK, "Set up now")
	if len(w.requests) != 1 {
		t.Errorf("%d questions", len(w.requests))
	}
}

// The enrolled give their code, and who must enroll is led straight there.
func TestSignInElsewhereGoesOn(t *testing.T) {
	t.Parallel()
	w, _ := newElsewhere(t, SignInPassword, SignInProvider)
	w.standing.Policy = access.StandingEnforced
	b := w.browser(t)
	b.get("").is(http.StatusOK, "Password", `class="plain">Sign in with`)
	b.post("signin/oidc").is(http.StatusOK)
	b.get("signin/oidc?code=c&state=state-1").leadsTo("enroll")

	w.enrolled("Phone")
	b = w.browser(t)
	b.post("signin/oidc").is(http.StatusOK)
	waiting := b.token()
	b.get("signin/oidc?code=c&state=state-2").leadsTo("")
	if b.token() == waiting {
		t.Error("the token is the same at the code")
	}
	b.get("").is(http.StatusOK, "Enter your code", "alice")
	b.post("code", "code", fakeCode).leadsTo("")
	if last := w.requests[len(w.requests)-1]; last.State != "a state" || last.Known != nil || last.UserName != "alice" {
		t.Errorf("the code came as %+v", last)
	}
}

func TestAnswersElsewhereRefused(t *testing.T) {
	t.Parallel()
	w, provider := newElsewhere(t, SignInProvider)
	b, other := w.browser(t), w.browser(t)
	b.post("signin/oidc").is(http.StatusOK)
	other.post("signin/oidc").is(http.StatusOK)
	// What isn't the answer to this browser's question doesn't end it either.
	for _, query := range []string{"code=c&state=state-2", "code=c", "code=c&state=", "code=c&state=state-1&state=state-1", "error=access_denied", "error=access_denied&state=state-2"} {
		b.get("signin/oidc?"+query).is(http.StatusUnprocessableEntity, "no longer valid")
	}
	w.browser(t).get("signin/oidc?code=c&state=state-1").is(http.StatusUnprocessableEntity, "no longer valid")
	b.get("signin/oidc").leadsTo("")
	b.post("signin/oidc?code=c&state=state-1").is(http.StatusOK) // begins anew
	b.get("signin/oidc?code=c&state=state-1").is(http.StatusUnprocessableEntity, "no longer valid")
	if provider.finished.Load() != 0 || len(w.requests) != 0 {
		t.Fatalf("the provider was asked %d times, the gate %d times", provider.finished.Load(), len(w.requests))
	}
	b.get("signin/oidc?code=c&state=state-3").leadsTo("")

	for refusal, want := range map[error]struct {
		status int
		text   string
	}{
		oidc.ErrAway: {503, "can&#39;t be reached"}, oidc.ErrDenied: {422, "did not let you in"}, oidc.ErrInvalid: {422, "could not be used"}, oidc.ErrStale: {422, "no longer valid"},
	} {
		provider.refusal = fmt.Errorf("%w: <b>what it says</b>", refusal)
		b := w.browser(t)
		b.post("signin/oidc", "return", "https://portal.example.org/vpn/")
		query := fmt.Sprint("signin/oidc?code=c&state=state-", provider.begun.Load())
		b.get(query).is(want.status, want.text, "Example &lt;University&gt;", "portal.example.org").without("what it says", "Password")
		b.get(query).is(422, "no longer valid") // it is spent all the same
	}
	provider.away = oidc.ErrAway
	fresh := w.browser(t)
	fresh.post("signin/oidc").is(503, "can&#39;t be reached", "try again", `id="signin-oidc"`)
	if fresh.token() != "" {
		t.Error("a sign-in that didn't begin is kept")
	}
}

// readTogether holds the next readers of a session until all of them have it.
type readTogether struct {
	*memory
	readers atomic.Int32
	all     sync.WaitGroup
}

func (r *readTogether) hold(readers int) {
	r.all.Add(readers)
	r.readers.Store(int32(readers))
}

func (r *readTogether) Session(ctx context.Context, token string) ([]byte, bool, error) {
	data, found, err := r.memory.Session(ctx, token)
	if r.readers.Add(-1) >= 0 {
		r.all.Done()
		r.all.Wait()
	}
	return data, found, err
}

// Of several answers at once, all to a session that still waits for one, one goes on.
func TestAnswersElsewhereAtOnce(t *testing.T) {
	t.Parallel()
	const answers = 8
	w, provider := newElsewhere(t, SignInProvider)
	held := &readTogether{memory: w.sessions}
	w.handler.options.Sessions, w.handler.sessions = held, newSessions(held, w.handler.options.URL)
	b := w.browser(t)
	b.post("signin/oidc").is(http.StatusOK)
	held.hold(answers)
	var in atomic.Int32
	var all sync.WaitGroup
	for range answers {
		all.Go(func() {
			response, err := b.Get(b.base + "signin/oidc?code=c&state=state-1")
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
			if response.StatusCode == http.StatusSeeOther {
				in.Add(1)
			}
		})
	}
	all.Wait()
	if in.Load() != 1 || provider.finished.Load() != 1 || len(w.requests) != 1 {
		t.Errorf("%d got in, the provider was asked %d times, the gate %d times", in.Load(), provider.finished.Load(), len(w.requests))
	}
}

// Whom the gate doesn't let in is told nothing of a password.
func TestKnownElsewhereButNotHere(t *testing.T) {
	t.Parallel()
	w, provider := newElsewhere(t, SignInProvider)
	provider.user.Name = "mallory"
	b := w.browser(t)
	b.post("signin/oidc").is(http.StatusOK)
	b.get("signin/oidc?code=c&state=state-1").is(http.StatusUnprocessableEntity, "with that account").without("assword", "disabled")
	if kept := w.sessions.all(); kept != "" {
		t.Errorf("kept:\n%s", kept)
	}
}

// A way that isn't offered isn't taken either.
func TestWaysNotOffered(t *testing.T) {
	t.Parallel()
	w, _ := newElsewhere(t, SignInProvider)
	b := w.browser(t)
	b.post("signin", "username", "alice", "password", fakePassword).is(http.StatusNotFound)
	b.post("signin/header").is(http.StatusNotFound)
	if len(w.requests) != 0 {
		t.Errorf("the gate was asked %+v", w.requests)
	}
	w, provider := newElsewhere(t, SignInPassword)
	b = w.browser(t)
	b.get("").is(http.StatusOK, "Password").without("signin/oidc", "signin/header", "Example")
	b.post("signin/oidc").is(http.StatusNotFound)
	b.get("signin/oidc?code=c&state=state-1").is(http.StatusNotFound)
	if provider.begun.Load() != 0 {
		t.Error("the provider was asked")
	}
	for name, o := range map[string]Options{
		"no provider": {SignIn: []SignInWay{SignInProvider}}, "no header": {SignIn: []SignInWay{SignInPassword, SignInHeader}}, "another way": {SignIn: []SignInWay{"saml"}},
	} {
		o.Gate, o.Enroller, o.Sessions, o.URL = w.fake, w.fake, w.sessions, w.handler.options.URL
		if _, err := New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
