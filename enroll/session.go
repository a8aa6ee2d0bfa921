package enroll

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"

	"vpn-otpd/enroll/signin/oidc"
	"vpn-otpd/radiusd/access"
)

const (
	sessionIdle     = 15 * time.Minute
	sessionLifetime = 8 * time.Hour
	// sessionTouch is how old the mark of the last visit may become before a
	// mere look at a page writes it again.
	sessionTouch = time.Minute
	visitKey     = "visit"
	tokenLength  = 43 // of the library's tokens
)

// visit is all that is kept of a browser between two requests. It has no room
// for a secret, a password or a code of the user's.
type visit struct {
	Pass access.Pass
	// Name and State are of a sign-in that waits for its code.
	Name, State string `json:",omitempty"`
	// Asks is what the first factor wants to know, where the State is of its question.
	Asks string `json:",omitempty"`
	// Elsewhere is a sign-in at the identity provider that is under way.
	Elsewhere *oidc.Attempt `json:",omitempty"`
	// Return is where the visitor came from; it is checked again when used.
	Return string `json:",omitempty"`
	// Notice is the key of a text that the next page says once.
	Notice  string `json:",omitempty"`
	Touched time.Time
}

func (v visit) signedIn() bool { return v.Pass.User != "" && v.Pass.Kind == sessionKind }

func (v visit) holdsTicket() bool { return v.Pass.User != "" && v.Pass.Kind != sessionKind }

func newSessions(kept Sessions, address *url.URL) *scs.SessionManager {
	m := scs.New()
	m.IdleTimeout, m.Lifetime = sessionIdle, sessionLifetime
	m.Store, m.Codec, m.HashTokenInStore = sessionStore{kept}, sessionCodec{}, true
	m.Cookie.Name = cookiePrefix(address) + "vpn-otpd"
	m.Cookie.Path = address.Path
	m.Cookie.Secure = address.Scheme == "https"
	m.Cookie.HttpOnly, m.Cookie.SameSite, m.Cookie.Persist = true, http.SameSiteLaxMode, false
	return m
}

// cookiePrefix makes browsers refuse the cookie from anyone without TLS, and,
// where it can, from any other host.
func cookiePrefix(address *url.URL) string {
	switch {
	case address.Scheme != "https":
		return ""
	case address.Path == "/":
		return "__Host-"
	}
	return "__Secure-"
}

// openSession reads what is kept of this browser.
func (x *exchange) openSession() error {
	// Browsers send a cookie twice where another site of the same domain has
	// planted one: then neither is believed.
	var token string
	if cookies := x.r.CookiesNamed(x.h.sessions.Cookie.Name); len(cookies) == 1 && len(cookies[0].Value) == tokenLength {
		token = cookies[0].Value
	}
	ctx, err := x.h.sessions.Load(context.WithValue(x.r.Context(), loadedKey{}, &x.loaded), token)
	if err != nil {
		return err
	}
	x.ctx = ctx
	x.visit, _ = x.h.sessions.Get(ctx, visitKey).(visit)
	x.kept = x.visit
	return nil
}

// keepSession writes what changed, and the cookie with it. Where there is nothing
// to keep, nothing is written, however often it is asked for.
func (x *exchange) keepSession() error {
	if !x.opened() || x.ended {
		return nil
	}
	if same := x.visit.equal(x.kept); same && (x.token() == "" || x.arrived.Sub(x.visit.Touched) < sessionTouch) {
		return nil
	}
	x.visit.Touched = x.arrived
	x.h.sessions.Put(x.ctx, visitKey, x.visit)
	token, expires, err := x.h.sessions.Commit(x.ctx)
	if errors.Is(err, errSessionChanged) { // what the other request did counts
		x.ended = true
		return nil
	}
	if err != nil {
		return err
	}
	x.kept = x.visit
	x.h.sessions.WriteSessionCookie(x.ctx, x.w, token, expires)
	return nil
}

// renewSession goes on under a token that nobody knew before.
func (x *exchange) renewSession(v visit) error {
	if err := x.h.sessions.RenewToken(x.ctx); err != nil {
		return err
	}
	x.visit, x.kept = v, visit{}
	return nil
}

// endSession forgets this browser.
func (x *exchange) endSession() error {
	x.visit = visit{}
	if !x.opened() || x.token() == "" {
		return nil
	}
	return x.destroySession()
}

// endUnchangedSession is endSession, unless another request has gone on with the
// session meanwhile: then this one was late, and the browser keeps its cookie.
func (x *exchange) endUnchangedSession() error {
	x.visit = visit{}
	if !x.opened() || x.token() == "" {
		return nil
	}
	if x.loaded.data != nil {
		removed, err := x.h.options.Sessions.RemoveSession(x.ctx, x.loaded.token, x.loaded.data)
		if err != nil {
			return err
		}
		if !removed {
			x.ended = true
			return nil
		}
	}
	return x.destroySession()
}

func (x *exchange) destroySession() error {
	if err := x.h.sessions.Destroy(x.ctx); err != nil {
		return err
	}
	x.ended = true
	x.h.sessions.WriteSessionCookie(x.ctx, x.w, "", time.Time{})
	return nil
}

func (x *exchange) opened() bool { return x.ctx != x.r.Context() }

func (x *exchange) token() string { return x.h.sessions.Token(x.ctx) }
