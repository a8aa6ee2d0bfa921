package prompt

import (
	"reflect"
	"slices"
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

var challengeReasons = slices.Concat(firstUseReasons, []access.Reason{
	access.CodeNeeded, access.CodeWrong, access.CodeUsed, access.CodeMalformed, access.Locked, access.LockedCodeRight,
})

// checkChallenge holds every challenge to what clients need of it.
func checkChallenge(t *testing.T, text, word string) {
	t.Helper()
	switch {
	case len(text) > 253, !utf8.ValidString(text), !strings.HasSuffix(text, ": "), strings.HasSuffix(text, ": : "):
		t.Errorf("%d octets: %q", len(text), text)
	case !strings.HasPrefix(text, word+" ") && !strings.HasPrefix(text, word+":"):
		t.Errorf("%q doesn't begin with %q", text, word)
	case strings.ContainsAny(text, "%\n"), strings.Contains(text, "  "):
		t.Errorf("%q has a mark or a blank left", text)
	}
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for _, language := range Languages() {
		for _, reason := range challengeReasons {
			for _, support := range []string{"", "Help: 0800 123", strings.Repeat("ü", 60), strings.Repeat("x", 250)} {
				for _, word := range []string{"", "OTP", "Enter", strings.Repeat("ä", 16)} {
					style := Style{Language: language, Support: support, Word: word, EnrollURL: shortURL}
					for _, d := range challenges(reason) {
						first := word
						if first == "" {
							first = all.catalogs[language].Word
						}
						checkChallenge(t, all.Text(style, d), first)
					}
				}
			}
		}
	}
}

// challenges are those of a reason, with and without what may go with it.
func challenges(reason access.Reason) []access.Decision {
	plain := access.Decision{Verdict: access.Challenge, Reason: reason, TriesLeft: 3}
	locked, lastTry, grace, page, key := plain, plain, plain, plain, plain
	locked.LockedUntil = noon.Add(24 * time.Hour)
	lastTry.TriesLeft = 1
	grace.EnrollBy, grace.TriesLeft, grace.LockedUntil = noon.Add(400*24*time.Hour), 1, noon.Add(time.Hour)
	page.Ticket, page.TriesLeft = ticket, 1
	key.Secret = secret
	return []access.Decision{plain, locked, lastTry, grace, page, key}
}

func TestEveryTextIsThere(t *testing.T) {
	t.Parallel()
	for language, c := range texts(t).catalogs {
		fields := reflect.ValueOf(c)
		for i := range fields.NumField() {
			field, name := fields.Field(i), fields.Type().Field(i).Tag.Get("toml")
			if field.Kind() == reflect.String && field.String() == "" {
				t.Errorf("%s has no %s", language, name)
			}
		}
		for i, month := range c.Months {
			if month == "" {
				t.Errorf("%s has no name for month %d", language, i+1)
			}
		}
	}
	if got := strings.Join(Languages(), " "); got != "de en fr nl" {
		t.Errorf("languages %s", got)
	}
}

// Hints give way one by one, the last ones first; the question never does.
func TestHints(t *testing.T) {
	t.Parallel()
	all := texts(t)
	wrong := access.Decision{Verdict: access.Challenge, Reason: access.CodeWrong, TriesLeft: 1, EnrollBy: noon.Add(10 * 24 * time.Hour)}
	question := "Enter the next code, that one was wrong"
	tries, by := " (one try left)", " (set up two-factor login at "+shortURL+" by 12:00 on 3 December)"
	many, needed := wrong, wrong
	many.TriesLeft, needed.Reason = 2, access.CodeNeeded
	over := wrong
	over.EnrollBy = noon
	for name, c := range map[string]struct {
		style Style
		d     access.Decision
		want  string
	}{
		"all":              {Style{EnrollURL: shortURL, Support: "Help: 0800 123"}, wrong, question + tries + by + " (Help: 0800 123): "},
		"no page":          {Style{}, wrong, question + tries + " (set up two-factor login by 12:00 on 3 December): "},
		"long page":        {Style{EnrollURL: longURL(200)}, wrong, question + tries + " (set up two-factor login by 12:00 on 3 December): "},
		"long support":     {Style{EnrollURL: shortURL, Support: strings.Repeat("x", 200)}, wrong, question + tries + by + ": "},
		"blank support":    {Style{Support: " "}, many, question + " (set up two-factor login by 12:00 on 3 December): "},
		"two tries":        {Style{EnrollURL: shortURL}, many, question + by + ": "},
		"nothing repeated": {Style{EnrollURL: shortURL}, needed, "Enter the code that your authenticator app shows" + by + ": "},
		"deadline over":    {Style{EnrollURL: shortURL}, over, question + tries + ": "},
		"French blanks": {Style{Language: "fr", Support: "Aide : 0800 123"}, many,
			"Saisissez le code suivant, celui-ci était incorrect (configurez l'authentification à deux facteurs avant 12h00 le 3 décembre) (Aide : 0800 123) : "},
	} {
		if got := all.Text(c.style, c.d); got != c.want {
			t.Errorf("%s: %q\nwant %q", name, got, c.want)
		}
	}
}
