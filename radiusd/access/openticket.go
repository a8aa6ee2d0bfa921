package access

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/netip"

	"vpn-otpd/store"
)

// OpenTicket opens the enrollment that a ticket was made for, for the first
// browser that brings it; held is the pass that this browser has already.
func (e *Enroller) OpenTicket(ctx context.Context, typed string, held Pass, from netip.Addr) (pass Pass, err error) {
	g := e.gate
	settings := g.settings.Load()
	mac, ok := ticketMAC(g.store, typed)
	if !ok {
		return Pass{}, FaultTicketUnknown
	}
	try, err := g.tickets.begin(ctx, settings.Throttle, g.now, from, mac)
	if errors.Is(err, errThrottled) {
		err := g.store.Update(ctx, func(tx *store.Tx) error { return g.countRefusal(tx, webLogin(from), TicketThrottled, "") })
		return Pass{}, cmp.Or(err, error(FaultThrottled))
	}
	if err != nil {
		return Pass{}, err
	}
	var fault error
	defer func() {
		if fault == FaultTicketUnknown {
			try.end(1, true, g.now())
			return
		}
		try.end(0, false, g.now())
	}()
	err = g.store.Update(ctx, func(tx *store.Tx) error {
		pass, fault, err = e.openTicket(tx, settings, mac, held, from)
		return err
	})
	if err != nil {
		return Pass{}, err
	}
	if fault == FaultTicketOther {
		g.logger.Warn("ticket refused: another browser opened it", "user", pass.User, "address", addressText(from))
	}
	if fault != nil {
		return Pass{}, fault
	}
	return pass, nil
}

// openTicket returns a fault apart from an error: what a fault leaves behind is kept.
func (e *Enroller) openTicket(tx *store.Tx, settings *Settings, mac []byte, held Pass, from netip.Addr) (pass Pass, fault, err error) {
	enrollment, found, err := tx.EnrollmentByTicket(mac)
	if err != nil {
		return Pass{}, nil, err
	}
	if !found {
		return Pass{}, FaultTicketUnknown, e.gate.countRefusal(tx, webLogin(from), TicketUnknown, "")
	}
	pass = Pass{User: enrollment.User, Epoch: enrollment.Epoch, Kind: enrollment.Kind, Enrollment: enrollment.ID}
	account, err := e.holder(tx, settings, pass)
	if err != nil {
		if FaultOf(err) != "" {
			return Pass{}, FaultTicketUnknown, nil
		}
		return Pass{}, nil, err
	}
	if settings.standingFor(account, tx.Now()) == StandingDisabled {
		return pass, FaultDisabled, nil
	}
	// From here on nobody else changes it: it is looked at again.
	if enrollment, found, err = tx.EnrollmentByTicket(mac); err != nil || !found {
		return Pass{}, FaultTicketUnknown, err
	}
	won, err := tx.OpenEnrollment(enrollment)
	if err != nil {
		return Pass{}, nil, err
	}
	record := store.Record{Event: EventTicketOpened, User: pass.User, CallingStation: addressText(from), Actor: nobody,
		Detail: "kind=" + string(enrollment.Kind)}
	switch {
	case won:
		return pass, nil, tx.Audit(record)
	case held.User == pass.User && bytes.Equal(held.Enrollment, enrollment.ID):
		return pass, nil, nil
	case enrollment.Contested: // it was told before
		return pass, FaultTicketOther, nil
	}
	record.Event = EventTicketOther
	if err := tx.ContestEnrollment(enrollment); err != nil {
		return Pass{}, nil, err
	}
	notice := store.Notice{User: pass.User, Event: EventTicketOther, Address: addressText(from), Actor: "unknown"}
	if err := settings.tell(tx, notice); err != nil {
		return Pass{}, nil, err
	}
	return pass, FaultTicketOther, tx.Audit(record)
}

// webLogin stands for a request of the page where something is counted.
func webLogin(from netip.Addr) *login {
	return &login{Request: Request{Client: Client{Name: WebClient}, CallingStation: addressText(from)}}
}
