package enroll

import (
	"net/http"

	"vpn-otpd/radiusd/access"
)

// accountPage is what a user has, what happened lately, and what can be done.
type accountPage struct {
	access.Standing
	User     string
	Enrolled bool
	MayBegin bool // a first device
	MayAdd   bool // a further one
	Events   []event
	Return   *link
}

func (x *exchange) showAccount(asked string) error {
	standing, err := x.h.options.Enroller.Standing(x.ctx, x.visit.Pass, x.from)
	if err != nil {
		return err
	}
	devices, disabled := len(standing.Account.Devices), standing.Policy == access.StandingDisabled
	return x.page(http.StatusOK, "account", accountPage{
		Standing: standing,
		User:     x.visit.Pass.User,
		Enrolled: devices > 0,
		MayBegin: devices == 0 && !disabled && standing.Closed == "",
		MayAdd:   devices > 0 && devices < access.MaxDevices && !disabled,
		Events:   x.events(standing),
		Return:   linkTo(x.h.checkReturn(x.checkedReturn(asked))),
	})
}

func (p accountPage) here() string {
	if p.Return == nil {
		return ""
	}
	return signInPage{Return: string(p.Return.URL)}.here()
}

// Changeable: the user's devices may be changed here.
func (p accountPage) Changeable() bool { return p.Enrolled && p.Policy != access.StandingDisabled }

// Due reports whether the enrollment is due by a deadline.
func (p accountPage) Due() bool { return !p.Enrolled && !p.EnrollBy.IsZero() }

// Removable: one device may go without another in its place.
func (p accountPage) Removable() bool { return p.MayRemove || len(p.Account.Devices) > 1 }
