package prompt

import (
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

func TestLockedUntil(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for until, want := range map[time.Time]string{
		{}:                                    "Enter a code later, too many were wrong: ",
		noon.Add(2*time.Hour + 5*time.Minute): "Enter a code after 14:05, too many were wrong: ",
		noon.Add(2*time.Hour + 4*time.Minute + 1e9): "Enter a code after 14:05, too many were wrong: ",
		noon.Add(13 * time.Hour):                    "Enter a code after 01:00 on 24 November, too many were wrong: ",
	} {
		for _, reason := range []access.Reason{access.Locked, access.LockedCodeRight} {
			if got := all.Text(Style{}, access.Decision{Verdict: access.Challenge, Reason: reason, LockedUntil: until}); got != want {
				t.Errorf("%s until %v: %q", reason, until, got)
			}
		}
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	all := texts(t)
	today, first := noon.Add(2*time.Hour+5*time.Minute+59*time.Second), time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	far := time.Date(2027, 8, 21, 9, 0, 0, 0, time.UTC)
	for language, want := range map[string][3]string{
		"en": {"14:05", "09:00 on 1 March", "09:00 on 21 August 2027"},
		"de": {"14:05 Uhr", "09:00 Uhr am 1. März", "09:00 Uhr am 21. August 2027"},
		"fr": {"14h05", "09h00 le 1er mars", "09h00 le 21 août 2027"},
		"nl": {"14:05 uur", "09:00 uur op 1 maart", "09:00 uur op 21 augustus 2027"},
	} {
		for i, at := range []time.Time{today, first, far} {
			if got := all.moment(all.catalogs[language], at); got != want[i] {
				t.Errorf("%s: %q, not %q", language, got, want[i])
			}
		}
	}
}

// What counts as today is the daemon's own day, not UTC's.
func TestMomentInZone(t *testing.T) {
	t.Parallel()
	all := texts(t)
	all.zone = time.FixedZone("", 13*60*60) // noon is one o'clock of the 24th there
	for at, want := range map[time.Time]string{
		noon:                      "01:00",
		noon.Add(11 * time.Hour):  "12:00",
		noon.Add(-2 * time.Hour):  "23:00 on 23 November",
		noon.Add(23 * time.Hour):  "00:00 on 25 November",
		noon.Add(175 * time.Hour): "08:00 on 1 December",
	} {
		if got := all.moment(all.catalogs["en"], at); got != want {
			t.Errorf("%v: %q, not %q", at, got, want)
		}
	}
}

// The names of the months never cost a challenge its question.
func TestLockedInEveryMonth(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for _, language := range Languages() {
		c := all.catalogs[language]
		for month := time.January; month <= time.December; month++ {
			until := time.Date(2027, month, 28, 22, 30, 0, 0, time.UTC)
			all := *all
			all.now = func() time.Time { return until.AddDate(0, 0, -1) }
			d := access.Decision{Verdict: access.Challenge, Reason: access.Locked, LockedUntil: until}
			text := all.Text(Style{Language: language, Word: strings.Repeat("w", 32)}, d)
			checkChallenge(t, text, strings.Repeat("w", 32))
			if !strings.Contains(text, "28") || !strings.Contains(text, c.Months[month-1]) {
				t.Errorf("%s: %q", language, text)
			}
		}
	}
}
