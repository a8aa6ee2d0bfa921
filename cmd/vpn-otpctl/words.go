package main

import (
	"strings"

	"vpn-otpd/radiusd/admin"
)

// reasonWords say the daemon's reasons in the words of an administrator. A reason
// of a newer daemon stands for itself.
var reasonWords = map[string]string{
	"totp_accepted":           "the code of a device was right",
	"recovery_code_accepted":  "a recovery code was right",
	"temporary_code_accepted": "a temporary code was right",
	"two_factor_disabled":     "two-factor is off: nobody is asked for a code",
	"not_enrolled":            "two-factor is optional and the user has no device",
	"exempt":                  "the user is exempt from two-factor",
	"enrollment_grace":        "the user has no device yet, and still time to enroll",
	"first_use_accepted":      "the first code of a new device was right",
	"signed_in":               "signed in on the page with the password",

	"code_needed":          "a code is asked for",
	"code_malformed":       "what was typed could be no code",
	"code_wrong":           "the code was wrong",
	"code_used":            "the code was right but used already: wait for the next one",
	"locked":               "too many wrong codes: the second factor is locked",
	"enrollment_required":  "the user has no device and must enroll one",
	"enrollment_not_begun": "the challenge was answered before the enrollment page was used",
	"enrollment_wrong":     "not the first code of the new device",

	"locked_code_right":  "the code was right, but the second factor is locked",
	"enrollment_closed":  "the user has no device, and may not enroll on the password alone",
	"unverified_refused": "no code was checked, and this client lets nobody in without",
	"name_invalid":       "the name can be no user's",
	"user_unknown":       "nobody knows the user",
	"user_disabled":      "the account is disabled",
	"password_wrong":     "the password was wrong",
	"password_expired":   "the password was right and has expired",
	"account_locked":     "the password was right, and the first factor lets the user in nowhere",
	"password_asks":      "the first factor asked for more",
	"login_remembered":   "a reconnect: a full login from there was not long ago",
	"enrolled_here":      "the former server took a user who is, or was, enrolled here",
	"upstream_accepted":  "the server that users move away from took both factors",
	"throttled":          "too many wrong passwords: the next one must wait",
	"state_invalid":      "the answer was to no challenge of ours",
	"state_unknown":      "the answer was to a challenge that is over",
	"state_expired":      "the answer to the challenge came too late",
	"state_other_user":   "the answer was to another user's challenge",
	"state_other_client": "the answer was to another client's challenge",
	"state_void":         "the challenge is void: the account has changed since",
	"request_malformed":  "the request was malformed",
	"method_unsupported": "the client asked by a method that isn't supported (CHAP or EAP)",
	"ticket_unknown":     "nobody has this ticket",
	"ticket_throttled":   "too many wrong tickets: the next one must wait",
}

func inWords(reason string) string {
	if words, known := reasonWords[reason]; known {
		return words
	}
	return strings.ReplaceAll(reason, "_", " ")
}

// verdictWords say what becomes of a login.
var verdictWords = map[string]string{"accept": "would be let in", "challenge": "would be asked", "reject": "would be refused"}

// happened says what a record is about.
func happened(r admin.Record) string {
	words := strings.ReplaceAll(r.Event, "_", " ")
	switch {
	case r.Event == "login":
		words = inWords(r.Reason)
	case r.Event == "alarm":
		words = "ALARM: " + r.Detail
	case r.Actor != nil:
		words += " by " + actorWords(*r.Actor)
	}
	if hasWord(r.Detail, "clock=off") {
		words += " - check the phone's clock"
	}
	return words
}

func actorWords(a admin.Actor) string {
	switch {
	case a.UID < 0:
		return a.Name
	case a.Name == "":
		return "uid " + number(a.UID)
	}
	return a.Name + " (uid " + number(a.UID) + ")"
}

// hasWord looks for a word of a detail, in which a label in quotes may say anything.
func hasWord(detail, word string) bool {
	quoted := false
	for i := range len(detail) {
		switch {
		case detail[i] == '"' && (i == 0 || detail[i-1] != '\\'):
			quoted = !quoted
		case !quoted && strings.HasPrefix(detail[i:], word) && (i == 0 || detail[i-1] == ' '):
			return true
		}
	}
	return false
}
