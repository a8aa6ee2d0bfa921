package enroll

import (
	"errors"
	"net/http"

	"vpn-otpd/radiusd/access"
)

// stated is whom a trusted proxy has signed in.
type stated struct {
	identity access.Identity
	err      error // why it is nobody
}

var errNoHeader = errors.New("no header is asked for")

// readHeader looks at the header of every request, so that those are counted that
// don't come from where they may.
func (x *exchange) readHeader() {
	if !x.h.offers(SignInHeader) {
		x.stated.err = errNoHeader
		return
	}
	x.stated.identity, x.stated.err = x.h.options.Header.Identify(x.r)
}

// signInByHeader signs in whom the proxy names. It takes a button, for a GET
// changes nothing.
func (x *exchange) signInByHeader() error {
	if !x.h.offers(SignInHeader) {
		return problem{http.StatusNotFound, "not_found"}
	}
	back := x.checkedReturn(x.field("return"))
	if x.stated.err != nil {
		x.h.logger.Warn("sign-in by a header failed", "error", x.stated.err, "address", x.from)
		x.warn("alert", "header_missing")
		return x.page(http.StatusUnprocessableEntity, "signin", x.signInPage(back, ""))
	}
	return x.signInKnown(x.stated.identity, back)
}
