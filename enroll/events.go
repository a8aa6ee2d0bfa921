package enroll

import (
	"slices"
	"strings"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// How many events the page shows. Failures before the first factor are anybody's:
// they must not push off what was changed.
const (
	maxEvents   = 12
	maxRefusals = 4
)

// event is one thing that happened to an account, in words.
type event struct {
	At    time.Time
	Text  string
	Count int    // how often within a minute, where more than once
	Where string // client and address
	Bad   bool   // somebody was refused
}

// events are the newest, of both kinds. What every login does on its way, such
// as being asked for a code, is left out.
func (x *exchange) events(standing access.Standing) []event {
	var all []event
	for _, record := range standing.Records {
		if record.Event == access.EventLogin && !onTheWay[access.Reason(record.Reason)] {
			all = append(all, x.loginEvent(record))
		} else if record.Event != access.EventLogin {
			all = append(all, x.changeEvent(record))
		}
	}
	for _, refusals := range standing.Refusals[:min(len(standing.Refusals), maxRefusals)] {
		e := event{At: refusals.Minute, Text: x.reasonText(refusals.Reason), Where: x.where(refusals.Client, refusals.Source), Bad: true}
		if refusals.Count > 1 {
			e.Count = refusals.Count
		}
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b event) int { return b.At.Compare(a.At) })
	return all[:min(len(all), maxEvents)]
}

var onTheWay = map[access.Reason]bool{access.CodeNeeded: true, access.EnrollmentRequired: true, access.EnrollmentNotBegun: true}

var accepts = map[access.Reason]bool{
	access.TOTPAccepted: true, access.RecoveryAccepted: true, access.TemporaryAccepted: true, access.TwoFactorDisabled: true,
	access.NotEnrolled: true, access.Exempt: true, access.EnrollmentGrace: true, access.FirstUseAccepted: true, access.SignedIn: true,
	access.LoginRemembered: true, access.UpstreamAccepted: true,
}

func (x *exchange) loginEvent(r store.Record) event {
	return event{At: r.At, Text: x.reasonText(r.Reason), Where: x.where(r.Client, r.CallingStation), Bad: !accepts[access.Reason(r.Reason)]}
}

func (x *exchange) changeEvent(r store.Record) event {
	text := x.text.of("event", r.Event)
	if text == "" {
		text = x.text.of("event", "other")
	}
	return event{At: r.At, Text: text, Where: x.where(r.Client, r.CallingStation), Bad: r.Event == access.EventAlarm}
}

func (x *exchange) reasonText(reason string) string {
	if text := x.text.of("reason", reason); text != "" {
		return text
	}
	return x.text.of("reason", "other")
}

// where names the client and the address that it saw.
func (x *exchange) where(client, address string) string {
	if client == access.WebClient {
		client = x.text.of("account", "this_page")
	}
	return strings.Join(slices.DeleteFunc([]string{client, address}, func(s string) bool { return s == "" }), " · ")
}
