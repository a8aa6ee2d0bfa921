package enroll

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"vpn-otpd/enroll/signin/oidc"
	"vpn-otpd/radiusd/access"
)

// Gate decides who may sign in.
type Gate interface {
	Check(ctx context.Context, r access.Request) (access.Decision, error)
}

// Enroller decides about enrollments. What it won't do is an
// [access.EnrollmentFault]; a void pass is access.FaultSession. From is the
// browser's address, the zero one where it isn't known.
type Enroller interface {
	Standing(ctx context.Context, pass access.Pass, from netip.Addr) (access.Standing, error)
	// OpenTicket takes what was typed: any case, with or without dash and
	// blanks. Held is the pass that this browser has already, if any: the same
	// browser may open its ticket again.
	OpenTicket(ctx context.Context, typed string, held access.Pass, from netip.Addr) (access.Pass, error)
	// Prove checks a fresh code of an enrolled user. After an accept the pass
	// returned is fresh; else the decision's reason says why it isn't.
	Prove(ctx context.Context, pass access.Pass, code string, from netip.Addr) (access.Pass, access.Decision, error)
	// Begin starts an enrollment; replaces is the label of the device that goes
	// when the new one comes, "": none.
	Begin(ctx context.Context, pass access.Pass, replaces string, from netip.Addr) (access.Pass, error)
	// Pending is the enrollment to show, the same each time until it expires.
	Pending(ctx context.Context, pass access.Pass) (access.Pending, error)
	Confirm(ctx context.Context, pass access.Pass, code, label string, from netip.Addr) (access.Confirmed, error)
	NewRecoveryCodes(ctx context.Context, pass access.Pass, from netip.Addr) (access.Pass, []string, error)
	RemoveDevice(ctx context.Context, pass access.Pass, label string, from netip.Addr) (access.Pass, error)
}

// Sessions keeps what the page remembers of a browser. Tokens are hashes of
// what the browser has. Data is changed or removed only where it is still old,
// so that of two requests at once neither undoes what the other did; old nil
// stands for a new token, or for whatever is there.
type Sessions interface {
	SaveSession(ctx context.Context, token string, old, data []byte, expires time.Time) (saved bool, err error)
	Session(ctx context.Context, token string) (data []byte, found bool, err error)
	RemoveSession(ctx context.Context, token string, old []byte) (removed bool, err error)
}

// SignInWay is a way to prove the first factor to the page.
type SignInWay string

const (
	SignInPassword SignInWay = "password" // the gate is asked
	SignInProvider SignInWay = "oidc"     // the identity provider is
	SignInHeader   SignInWay = "header"   // a trusted proxy has asked already
)

// Provider is an identity provider; its errors are those of the package oidc.
type Provider interface {
	Begin(ctx context.Context, language string) (address string, attempt oidc.Attempt, err error)
	Finish(ctx context.Context, attempt oidc.Attempt, answer url.Values) (access.Identity, error)
}

// Header says whom a trusted proxy has signed in; an error: nobody.
type Header interface {
	Identify(r *http.Request) (access.Identity, error)
}

// Options of a handler. Gate, Enroller, Sessions and URL are needed.
type Options struct {
	Gate     Gate
	Enroller Enroller
	Sessions Sessions
	// URL is what users open. Its path ends in "/"; links, redirects and cookies
	// are made of it, and cookies are Secure where it is https.
	URL *url.URL
	// TrustedProxies are the peers whose X-Forwarded-For counts. A peer on a
	// unix socket has no address and is never one: see TrustedProxy.
	TrustedProxies []netip.Prefix
	// TrustedProxy reports whether a request comes from a proxy that is known by
	// something else than an address: its X-Forwarded-For counts too. nil: none.
	TrustedProxy func(*http.Request) bool
	// SignIn are the ways to sign in that are offered and taken, in that order;
	// none: SignInPassword.
	SignIn   []SignInWay
	Provider Provider // needed for SignInProvider
	Header   Header   // needed for SignInHeader
	// ProviderLabel and HeaderLabel name who is asked there, for users; "": their
	// organization.
	ProviderLabel, HeaderLabel string
	// Returns are the addresses that ?return= may lead to, and what is below them.
	Returns []string
	Site    string // names the site in the head of each page; "": the URL's host
	Support string // a line that tells users where help is; "": none
	// RejectDelay is when after its arrival a refused sign-in is answered, plus
	// up to 500 ms, whatever the reason.
	RejectDelay time.Duration
	Logger      *slog.Logger     // nil: nothing is logged
	Now         func() time.Time // nil: time.Now
}
