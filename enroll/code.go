package enroll

import (
	"strings"
	"time"

	"vpn-otpd/radiusd/access"
)

// codePage asks for the code of a sign-in.
type codePage struct {
	UserName string
	Asks     string // what the first factor wants to know, in place of a code; "": a code
}

func (x *exchange) showCode(status int) error {
	return x.page(status, "code", codePage{UserName: x.visit.Name, Asks: x.visit.Asks})
}

// asksOf is what the first factor itself asks: on one line, and not too long.
func (x *exchange) asksOf(d access.Decision) string {
	if d.Reason != access.PasswordAsks {
		return ""
	}
	text := strings.Join(strings.Fields(strings.ToValidUTF8(d.Message, " ")), " ")
	if runes := []rune(text); len(runes) > maxAsks {
		text = string(runes[:maxAsks])
	}
	if text == "" {
		return x.text.of("code", "answer")
	}
	return text
}

// maxAsks is the most characters of a first factor's question that are shown.
const maxAsks = 250

// warnOf says why the gate refused. Only who had the right password is told
// more than that it failed.
func (x *exchange) warnOf(d access.Decision) {
	switch d.Reason {
	case access.Locked, access.LockedCodeRight: // the same, whether or not the code was right
		x.warnLocked(d.LockedUntil)
	case access.CodeNeeded, access.CodeMalformed, access.CodeWrong, access.CodeUsed, access.EnrollmentClosed,
		access.PasswordExpired, access.AccountLocked:
		x.warn("alert", string(d.Reason))
	case access.StateInvalid, access.StateUnknown, access.StateExpired, access.StateOtherUser, access.StateOtherClient, access.StateVoid:
		x.warn("alert", "state")
	default:
		if x.known { // there is no password to look at
			x.warn("alert", "not_admitted")
			return
		}
		x.warn("alert", "failed")
	}
}

func (x *exchange) warnLocked(until time.Time) {
	if until.IsZero() {
		x.warn("alert", "locked")
		return
	}
	// Up to the minute in which it is over, not the one before.
	until = until.Add(time.Minute - 1).Truncate(time.Minute)
	v := view{T: x.text, zone: x.h.zone}
	x.alert = v.Sentence(x.text.of("alert", "locked_until"), until)
}
