package prompt

import (
	"slices"
	"strings"
	"testing"

	"vpn-otpd/radiusd/access"
)

// All refusals before the first factor read the same.
func TestRejectsTellStrangersNothing(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for _, language := range append(Languages(), "", "xx") {
		style := Style{Language: language, EnrollURL: shortURL, Support: "Help: 0800 123"}
		seen := make(map[string]bool)
		for _, reason := range []access.Reason{
			access.NameInvalid, access.UserUnknown, access.UserDisabled, access.PasswordWrong, access.Throttled, access.StateInvalid, access.StateUnknown,
			access.StateExpired, access.StateOtherUser, access.StateOtherClient, access.StateVoid, access.RequestMalformed, access.MethodUnsupported, access.UnverifiedRefused,
			access.TicketUnknown, access.TicketThrottled,
		} {
			seen[all.Text(style, access.Decision{Verdict: access.Reject, Reason: reason, Ticket: ticket, Secret: secret, EnrollBy: noon.AddDate(0, 0, 9)})] = true
		}
		if len(seen) != 1 {
			t.Errorf("%s: refusals differ: %v", language, seen)
		}
		locked := access.Decision{Verdict: access.Reject, Reason: access.Locked, LockedUntil: noon}
		right := locked
		right.Reason = access.LockedCodeRight
		if a, b := all.Text(style, locked), all.Text(style, right); a != b || strings.HasSuffix(a, ":") {
			t.Errorf("%s: %q and %q", language, a, b)
		}
	}
	if text := all.Text(Style{}, access.Decision{Verdict: access.Accept, User: "alice", Ticket: ticket, Secret: secret}); text != "" {
		t.Errorf("an accept says %q", text)
	}
}

func TestRejectsOfEnrollment(t *testing.T) {
	t.Parallel()
	all := texts(t)
	page, bare := Style{EnrollURL: shortURL}, Style{}
	for _, c := range []struct {
		reason access.Reason
		style  Style
		want   string
	}{
		{access.EnrollmentRequired, page, "Set up two-factor login at https://vpn.example.org/2fa/ first."},
		{access.EnrollmentRequired, bare, "Set up two-factor login first."},
		{access.EnrollmentRequired, Style{EnrollURL: longURL(300)}, "Set up two-factor login first."},
		{access.EnrollmentNotBegun, page, "Set up two-factor login at https://vpn.example.org/2fa/ first."},
		{access.EnrollmentNotBegun, bare, "Set up two-factor login first."},
		{access.EnrollmentWrong, page, "Enter the next code, that one was wrong."},
		{access.EnrollmentClosed, page, "Ask your administrator for an invitation to set up two-factor login."},
	} {
		if got := all.Text(c.style, access.Decision{Verdict: access.Reject, Reason: c.reason, TriesLeft: 1}); got != c.want {
			t.Errorf("%s: %q", c.reason, got)
		}
	}
}

// A reject ends what a ticket or a secret belongs to, and names neither.
func TestRejectsOfEnrollmentInEveryLanguage(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for _, language := range Languages() {
		failed := all.catalogs[language].Failed
		for _, reason := range slices.Concat(firstUseReasons, []access.Reason{access.EnrollmentClosed}) {
			style := Style{Language: language, EnrollURL: longURL(MaxEnrollURL)}
			text := all.Text(style, access.Decision{Verdict: access.Reject, Reason: reason, Ticket: ticket, Secret: secret})
			if len(text) > 253 || text == failed || !strings.HasSuffix(text, ".") || strings.ContainsAny(text, "%") {
				t.Errorf("%s, %s: %q", language, reason, text)
			}
			if strings.Contains(text, ticket) || strings.Contains(text, secret) || strings.Contains(text, grouped) {
				t.Errorf("%s, %s: tells in %q", language, reason, text)
			}
			if want := reason == access.EnrollmentRequired || reason == access.EnrollmentNotBegun; strings.Contains(text, " "+style.EnrollURL+" ") != want {
				t.Errorf("%s, %s: the address is there: %v, in %q", language, reason, !want, text)
			}
		}
	}
}

// Names and States come from clients, and are in no text.
func TestNothingOfAClientIsRepeated(t *testing.T) {
	t.Parallel()
	all := texts(t)
	sent := []string{"mallory@evil.example", "STATE-0123456789", "DECISION-77"}
	for _, verdict := range []access.Verdict{access.Challenge, access.Reject, access.Accept} {
		for _, language := range Languages() {
			for _, reason := range slices.Concat(challengeReasons, []access.Reason{access.EnrollmentClosed, access.PasswordWrong, access.UserUnknown, access.NameInvalid}) {
				for _, d := range challenges(reason) {
					d.Verdict, d.User, d.State, d.ID = verdict, sent[0], sent[1], sent[2]
					text := all.Text(Style{Language: language, EnrollURL: shortURL}, d)
					for _, word := range sent {
						if strings.Contains(text, word) {
							t.Errorf("%s, %s: %q is in %q", verdict, reason, word, text)
						}
					}
				}
			}
		}
	}
}
