package enroll

import (
	"net/http"
	"time"

	"vpn-otpd/radiusd/access"
)

// refuseSignIn answers at a point in time after the arrival, so that all
// refusals look alike.
func (x *exchange) refuseSignIn(name, back string, d access.Decision) error {
	// A try to sign in is over; who is signed in, or holds a ticket, stays so.
	if !x.visit.signedIn() && !x.visit.holdsTicket() {
		if err := x.endUnchangedSession(); err != nil {
			return err
		}
	}
	if err := x.waitForRefusal(); err != nil {
		return err
	}
	x.warnOf(d)
	return x.page(http.StatusUnprocessableEntity, "signin", x.signInPage(back, name))
}

func (x *exchange) waitForRefusal() error {
	timer := time.NewTimer(x.arrived.Add(x.h.options.RejectDelay + x.h.jitter()).Sub(x.h.now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-x.r.Context().Done():
		return x.r.Context().Err()
	}
}
