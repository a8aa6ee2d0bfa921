package enroll

import (
	"errors"
	"net/http"

	"vpn-otpd/enroll/signin/oidc"
	"vpn-otpd/radiusd/access"
)

// leavePage leads to the identity provider. It is a page of its own because
// browsers hold the redirects after a form to form-action, those at the provider
// included, and which sites it hands users on to nobody can say beforehand.
type leavePage struct{ Address string }

// beginElsewhere keeps what the answer must fit, and leads to the provider.
func (x *exchange) beginElsewhere() error {
	if !x.h.offers(SignInProvider) {
		return problem{http.StatusNotFound, "not_found"}
	}
	back := x.checkedReturn(x.field("return"))
	address, attempt, err := x.h.options.Provider.Begin(x.ctx, x.language)
	if err != nil {
		return x.refuseElsewhere(err, back)
	}
	x.visit.Elsewhere, x.visit.Return = &attempt, back
	x.w.Header().Set("Refresh", "0; url="+address)
	return x.page(http.StatusOK, "leave", leavePage{address})
}

// finishElsewhere takes the provider's answer, which the browser brings along. It
// counts once: of two requests at once, the one that could forget the attempt goes on.
func (x *exchange) finishElsewhere() error {
	if !x.h.offers(SignInProvider) {
		return problem{http.StatusNotFound, "not_found"}
	}
	answer, attempt, back := x.r.URL.Query(), x.visit.Elsewhere, x.checkedReturn("")
	if attempt == nil || !attempt.Answered(answer) {
		if len(answer) == 0 {
			return x.redirect("")
		}
		return x.refuseElsewhere(oidc.ErrStale, back)
	}
	x.visit.Elsewhere = nil
	if err := x.keepSession(); err != nil {
		return err
	}
	if x.ended {
		return x.refuseElsewhere(oidc.ErrStale, back)
	}
	identity, err := x.h.options.Provider.Finish(x.ctx, *attempt, answer)
	if err != nil {
		return x.refuseElsewhere(err, back)
	}
	return x.signInKnown(identity, back)
}

// refuseElsewhere says what to do. Who is signed in, or has another sign-in under
// way, keeps that.
func (x *exchange) refuseElsewhere(err error, back string) error {
	x.h.logger.Warn("sign-in at the identity provider failed", "error", err, "address", x.from)
	status, key := http.StatusUnprocessableEntity, "provider_invalid"
	switch {
	case errors.Is(err, oidc.ErrAway):
		status, key = http.StatusServiceUnavailable, "provider_away"
	case errors.Is(err, oidc.ErrDenied):
		key = "provider_denied"
	case errors.Is(err, oidc.ErrStale):
		key = "state"
	}
	x.warn("alert", key)
	return x.page(status, "signin", x.signInPage(back, ""))
}

// signInKnown asks the gate about a user whose first factor passed elsewhere.
func (x *exchange) signInKnown(identity access.Identity, back string) error {
	x.known = true
	d, err := x.ask(access.Request{UserName: identity.Name, Known: &identity})
	if err != nil {
		return err
	}
	return x.signInDecided(d, identity.Name, back)
}
