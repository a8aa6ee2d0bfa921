package enroll

import (
	"net/http"
	"strings"

	"vpn-otpd/radiusd/access"
)

// A ticket in an address is two groups of four letters or digits. Whether there
// is such a ticket is asked only when the button is pressed: mail scanners and
// previews open links.
const (
	ticketGroup = 4
	maxTicket   = 64 // octets of what is typed
)

func looksLikeTicket(path string) bool {
	first, second, dash := strings.Cut(path, "-")
	if !dash && len(path) == 2*ticketGroup {
		first, second = path[:ticketGroup], path[ticketGroup:]
	}
	return isTicketGroup(first) && isTicketGroup(second)
}

func isTicketGroup(text string) bool {
	return len(text) == ticketGroup && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// ticketPage has a button for the ticket of an address, or a field to type one.
type ticketPage struct{ Ticket string }

func (p ticketPage) here() string { return p.Ticket }

func (x *exchange) showTicket() error {
	ticket := strings.TrimPrefix(x.r.URL.Path, x.h.base)
	return x.page(http.StatusOK, "ticket", ticketPage{Ticket: strings.ToUpper(ticket)})
}

// openTicket begins a session, under a new token, that may enroll and nothing
// else. The address that it leads to has no ticket in it.
func (x *exchange) openTicket() error {
	typed := x.field("ticket")
	if len(typed) > maxTicket {
		typed = "" // which is none either
	}
	back := x.checkedReturn(x.field("return"))
	pass, err := x.h.options.Enroller.OpenTicket(x.ctx, typed, x.visit.Pass, x.from)
	switch fault := access.FaultOf(err); fault {
	case access.FaultTicketUnknown, access.FaultTicketOther, access.FaultThrottled:
		if err := x.waitForRefusal(); err != nil {
			return err
		}
		x.warn("fault", string(fault))
		return x.page(http.StatusUnprocessableEntity, "ticket", ticketPage{})
	}
	if err != nil {
		return err
	}
	if err := x.renewSession(visit{Pass: pass, Return: back}); err != nil {
		return err
	}
	return x.redirect("enroll")
}
