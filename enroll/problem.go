package enroll

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"vpn-otpd/radiusd/access"
)

// problem is an error that has a page of its own: the key of its texts.
type problem struct {
	status int
	key    string
}

func (p problem) Error() string { return strconv.Itoa(p.status) + " " + p.key }

// fail answers with a page that says what to do.
func (x *exchange) fail(err error) {
	var known problem
	fault := access.FaultOf(err)
	switch {
	case errors.As(err, &known):
		x.showProblem(known)
	case fault == access.FaultSession:
		x.showEnded()
	case fault != "":
		if err := x.keepSession(); err != nil { // a code that was spent on this stays spent
			x.h.logger.Error("enrollment page can't keep a session", "route", x.route, "error", err)
		}
		x.warn("fault", string(fault))
		x.showProblem(problem{http.StatusConflict, "refused"})
	case errors.Is(err, context.Canceled) && x.r.Context().Err() != nil: // nobody is there any more
	default:
		x.h.logger.Error("enrollment page can't answer", "method", x.r.Method, "route", x.route, "error", err)
		x.showProblem(problem{http.StatusServiceUnavailable, "unavailable"})
	}
}

// showProblem writes a page that needs nothing of the store.
func (x *exchange) showProblem(p problem) {
	title := x.text.of("problem", p.key+"_title")
	body, err := x.compose("problem", view{Title: title, Content: x.text.of("problem", p.key)})
	if err != nil {
		x.h.logger.Error("enrollment page can't be written", "page", "problem", "error", err)
		http.Error(x.w, title, p.status)
		return
	}
	x.send(p.status, body)
}

// showEnded tells whose session is over, and lets them sign in again.
func (x *exchange) showEnded() {
	back := x.visit.Return
	if err := x.endUnchangedSession(); err != nil {
		x.h.logger.Error("enrollment page can't end a session", "route", x.route, "error", err)
	}
	x.warn("fault", string(access.FaultSession))
	if err := x.page(http.StatusForbidden, "signin", x.signInPage(back, "")); err != nil {
		x.fail(err)
	}
}
