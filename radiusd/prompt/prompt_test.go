package prompt

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vpn-otpd/radiusd/access"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func texts(t testing.TB) *Texts {
	t.Helper()
	all, err := New()
	if err != nil {
		t.Fatal(err)
	}
	all.now, all.zone = func() time.Time { return noon }, time.UTC
	return all
}

var challengeReasons = []access.Reason{
	access.CodeNeeded, access.CodeWrong, access.CodeUsed, access.CodeMalformed, access.Locked, access.LockedCodeRight,
}

// checkChallenge holds every challenge to what clients need of it.
func checkChallenge(t *testing.T, text, word string) {
	t.Helper()
	switch {
	case len(text) > 253, !utf8.ValidString(text), !strings.HasSuffix(text, ": "), strings.HasSuffix(text, ": : "):
		t.Errorf("%d octets: %q", len(text), text)
	case !strings.HasPrefix(text, word+" ") && !strings.HasPrefix(text, word+":"):
		t.Errorf("%q doesn't begin with %q", text, word)
	case strings.ContainsAny(text, "%\n"):
		t.Errorf("%q has a mark left", text)
	}
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for _, language := range Languages() {
		for _, reason := range challengeReasons {
			for _, until := range []time.Time{{}, noon.Add(time.Hour), noon.Add(24 * time.Hour)} {
				for _, support := range []string{"", "Help: 0800 123", strings.Repeat("ü", 60), strings.Repeat("x", 250)} {
					d := access.Decision{Verdict: access.Challenge, Reason: reason, LockedUntil: until}
					checkChallenge(t, all.Text(Style{Language: language, Support: support}, d), all.catalogs[language].Word)
					for _, word := range []string{"OTP", "Enter", strings.Repeat("ä", 16)} {
						checkChallenge(t, all.Text(Style{Language: language, Support: support, Word: word}, d), word)
					}
				}
			}
		}
	}
}

func TestEveryTextIsThere(t *testing.T) {
	t.Parallel()
	for language, c := range texts(t).catalogs {
		fields := reflect.ValueOf(c)
		for i := range fields.NumField() {
			if fields.Field(i).String() == "" {
				t.Errorf("%s has no %s", language, fields.Type().Field(i).Tag.Get("toml"))
			}
		}
	}
	if got := strings.Join(Languages(), " "); got != "de en fr nl" {
		t.Errorf("languages %s", got)
	}
}

func TestLockedUntil(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for until, want := range map[time.Time]string{
		{}:                                    "Enter a code later, too many were wrong: ",
		noon.Add(2*time.Hour + 5*time.Minute): "Enter a code after 14:05, too many were wrong: ",
		noon.Add(2*time.Hour + 4*time.Minute + 1e9): "Enter a code after 14:05, too many were wrong: ",
		noon.Add(13 * time.Hour):                    "Enter a code after 2026-11-24 01:00, too many were wrong: ",
	} {
		for _, reason := range []access.Reason{access.Locked, access.LockedCodeRight} {
			if got := all.Text(Style{}, access.Decision{Verdict: access.Challenge, Reason: reason, LockedUntil: until}); got != want {
				t.Errorf("%s until %v: %q", reason, until, got)
			}
		}
	}
}

// All refusals before the first factor read the same.
func TestRejectsTellStrangersNothing(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for _, language := range append(Languages(), "", "xx") {
		seen := make(map[string]bool)
		for _, reason := range []access.Reason{
			access.NameInvalid, access.UserUnknown, access.UserDisabled, access.PasswordWrong, access.Throttled, access.StateInvalid, access.StateUnknown,
			access.StateExpired, access.StateOtherUser, access.StateOtherClient, access.StateVoid, access.RequestMalformed, access.MethodUnsupported, access.UnverifiedRefused,
		} {
			seen[all.Text(Style{Language: language}, access.Decision{Verdict: access.Reject, Reason: reason})] = true
		}
		if len(seen) != 1 {
			t.Errorf("%s: refusals differ: %v", language, seen)
		}
		locked := access.Decision{Verdict: access.Reject, Reason: access.Locked, LockedUntil: noon}
		right := locked
		right.Reason = access.LockedCodeRight
		if a, b := all.Text(Style{Language: language}, locked), all.Text(Style{Language: language}, right); a != b || strings.HasSuffix(a, ":") {
			t.Errorf("%s: %q and %q", language, a, b)
		}
	}
	if text := all.Text(Style{}, access.Decision{Verdict: access.Accept, User: "alice"}); text != "" {
		t.Errorf("an accept says %q", text)
	}
}

func FuzzStyle(f *testing.F) {
	f.Add("OTP", "Help: 0800 123", "en")
	f.Fuzz(func(t *testing.T, word, support, language string) {
		if !utf8.ValidString(word) || !utf8.ValidString(support) {
			t.Skip()
		}
		for _, reason := range challengeReasons {
			text := texts(t).Text(Style{Word: word, Support: support, Language: language}, access.Decision{Verdict: access.Challenge, Reason: reason, LockedUntil: noon})
			if len(text) > 253 || !utf8.ValidString(text) || !strings.HasSuffix(text, ": ") {
				t.Errorf("%d octets: %q", len(text), text)
			}
		}
	})
}
