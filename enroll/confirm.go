package enroll

import (
	"net/http"

	"vpn-otpd/radiusd/access"
)

// The bounds of what is passed on, in octets; what is longer is no code and no label.
const (
	maxCode  = 128
	maxLabel = 256
)

// confirm takes the first code of a new device. What comes of it is shown as
// the answer, this once: it has no address of its own.
func (x *exchange) confirm() error {
	if x.visit.Pass.User == "" {
		return access.FaultSession
	}
	if x.visit.Pass.Enrollment == nil { // the page was sent again
		return x.redirect("")
	}
	if x.field("enrollment") != markOf(x.visit.Pass) {
		x.warn("alert", "other_enrollment")
		return x.showPending(http.StatusConflict, "", "")
	}
	code, label := x.field("code"), x.field("label")
	if len(code) > maxCode {
		code = ""
	}
	if len(label) > maxLabel {
		label = label[:maxLabel]
	}
	confirmed, err := x.h.options.Enroller.Confirm(x.ctx, x.visit.Pass, code, label, x.from)
	if err != nil {
		return x.confirmRefused(err, label)
	}
	p := codesPage{Label: confirmed.Label, Waiting: confirmed.Waiting, Codes: confirmed.RecoveryCodes, Enrolled: true, Return: x.returnLink()}
	x.visit.Pass = confirmed.Pass
	if confirmed.Pass.User == "" { // an invitation opens nothing more
		if err := x.endSession(); err != nil {
			return err
		}
	}
	return x.showOnce(p)
}

// confirmRefused shows the page again, with what is wrong at the field it is about.
func (x *exchange) confirmRefused(err error, label string) error {
	fault := access.FaultOf(err)
	switch fault {
	case access.FaultCodeMalformed, access.FaultCodeWrong, access.FaultClock:
		x.warn("fault", string(fault))
		return x.showPending(http.StatusUnprocessableEntity, label, "code")
	case access.FaultLabel, access.FaultLabelTaken:
		x.warn("fault", string(fault))
		return x.showPending(http.StatusUnprocessableEntity, label, "label")
	case access.FaultExpired:
		return x.showExpired()
	case access.FaultFresh:
		return x.redirect("change?" + changeQuery(""))
	}
	return err
}

// showOnce shows what is there only now, even where the session can't be kept:
// then its owner signs in again.
func (x *exchange) showOnce(p codesPage) error {
	body, err := x.compose("codes", view{Title: p.title(x.text), Content: p})
	if err != nil {
		return x.unwritten("codes", err)
	}
	if err := x.keepSession(); err != nil {
		x.h.logger.Error("enrollment page can't keep a session", "route", x.route, "error", err)
	}
	x.send(http.StatusOK, body)
	return nil
}

// codesPage shows recovery codes, this once, and where to go on.
type codesPage struct {
	Label    string   // of the new device
	Codes    []string // none: the user has some already
	Enrolled bool     // a device was just set up
	Waiting  bool     // it counts once its code is given at the VPN's prompt
	Again    bool     // the page was opened again: the codes aren't shown twice
	Return   *link
}

func (p codesPage) title(text catalog) string {
	switch {
	case p.Waiting:
		return text.of("codes", "waiting_title")
	case p.Enrolled:
		return text.of("codes", "enrolled_title")
	}
	return text.of("codes", "title")
}
