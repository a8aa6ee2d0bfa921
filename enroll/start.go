package enroll

import (
	"net/http"
	"net/url"
)

// showStart is the page at the address that users open: to sign in, to enter
// the code, or what there is to see for who is signed in.
func (x *exchange) showStart() error {
	if x.visit.Notice != "" {
		x.notice, x.visit.Notice = x.visit.Notice, ""
	}
	asked := x.r.URL.Query().Get("return")
	switch {
	case x.visit.signedIn():
		return x.showAccount(asked)
	case x.visit.holdsTicket() && x.visit.Pass.Enrollment != nil:
		return x.redirect("enroll")
	case x.visit.State != "":
		return x.showCode(http.StatusOK)
	}
	return x.page(http.StatusOK, "signin", x.signInPage(x.checkedReturn(asked), ""))
}

// checkedReturn is the return address asked for, or else the one that is kept; "": none.
func (x *exchange) checkedReturn(asked string) string {
	for _, address := range []string{asked, x.visit.Return} {
		if u := x.h.checkReturn(address); u != nil {
			return u.String()
		}
	}
	return ""
}

// returnLink is the way back to where the visitor came from; nil: none.
func (x *exchange) returnLink() *link { return linkTo(x.h.checkReturn(x.visit.Return)) }

// signInPage asks who it is, in one of several ways, or for a ticket.
type signInPage struct {
	Return   string
	UserName string // as typed, after a failure
	Ways     []wayShown
}

func (p signInPage) here() string {
	if p.Return == "" {
		return ""
	}
	return "?" + url.Values{"return": {p.Return}}.Encode()
}
