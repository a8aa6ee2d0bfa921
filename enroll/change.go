package enroll

import (
	"net/http"
	"net/url"
	"time"

	"vpn-otpd/radiusd/access"
)

// What may be done with a fresh code.
const (
	doAdd      = "add"
	doReplace  = "replace"
	doRemove   = "remove"
	doRecovery = "recovery"
)

// changePage asks for a fresh code before something is changed.
type changePage struct {
	Do     string
	Device string // label
	Fresh  bool   // a code was given just now, and counts for this
}

func (p changePage) title(text catalog) string { return text.of("change", p.Do+"_title") }

func changeQuery(replaces string) string {
	if replaces == "" {
		return url.Values{"do": {doAdd}}.Encode()
	}
	return url.Values{"do": {doReplace}, "device": {replaces}}.Encode()
}

// showChange shows the form, and changes nothing.
func (x *exchange) showChange() error {
	if !x.visit.signedIn() {
		return x.redirect("")
	}
	query := x.r.URL.Query()
	return x.showChangeOf(http.StatusOK, query.Get("do"), query.Get("device"))
}

func (x *exchange) showChangeOf(status int, do, device string) error {
	p := changePage{Do: do, Device: device, Fresh: x.isFresh()}
	if !p.known() {
		return problem{http.StatusNotFound, "not_found"}
	}
	return x.page(status, "change", p)
}

func (p changePage) known() bool {
	switch p.Do {
	case doAdd, doRecovery:
		return p.Device == ""
	case doReplace, doRemove:
		return p.Device != "" && len(p.Device) <= maxLabel
	}
	return false
}

func (x *exchange) isFresh() bool { return x.visit.Pass.Fresh.After(x.arrived) }

// change checks the fresh code, and then does it.
func (x *exchange) change() error {
	if !x.visit.signedIn() {
		return x.notSignedIn()
	}
	p := changePage{Do: x.field("do"), Device: x.field("device")}
	if !p.known() {
		return problem{http.StatusBadRequest, "malformed"}
	}
	code := x.field("code")
	if code != "" || !x.isFresh() {
		refused, err := x.prove(code)
		if err != nil {
			return err
		}
		if refused {
			return x.showChangeOf(http.StatusUnprocessableEntity, p.Do, p.Device)
		}
	}
	err := x.apply(p)
	if access.FaultOf(err) == access.FaultFresh {
		x.visit.Pass.Fresh = time.Time{}
		x.warn("fault", string(access.FaultFresh))
		return x.showChangeOf(http.StatusUnprocessableEntity, p.Do, p.Device)
	}
	return err
}

func (x *exchange) prove(code string) (refused bool, err error) {
	if len(code) > maxCode {
		code = ""
	}
	pass, d, err := x.h.options.Enroller.Prove(x.ctx, x.visit.Pass, code, x.from)
	if err != nil {
		return false, err
	}
	if d.Verdict != access.Accept {
		x.warnOf(d)
		return true, nil
	}
	x.visit.Pass = pass
	return false, nil
}

func (x *exchange) apply(p changePage) error {
	switch p.Do {
	case doRemove:
		pass, err := x.h.options.Enroller.RemoveDevice(x.ctx, x.visit.Pass, p.Device, x.from)
		if err != nil {
			return err
		}
		x.visit.Pass, x.visit.Notice = pass, "removed"
		return x.redirect("")
	case doRecovery:
		pass, codes, err := x.h.options.Enroller.NewRecoveryCodes(x.ctx, x.visit.Pass, x.from)
		if err != nil {
			return err
		}
		x.visit.Pass = pass
		return x.showOnce(codesPage{Codes: codes})
	}
	return x.begin(p.Device)
}
