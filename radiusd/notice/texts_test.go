package notice

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vpn-otpd/store"
)

func TestEveryTextIsThere(t *testing.T) {
	t.Parallel()
	if got := strings.Join(Languages(), " "); got != "de en fr nl" {
		t.Errorf("languages %s", got)
	}
	for _, language := range Languages() {
		c, err := readCatalog(language)
		if err != nil {
			t.Fatal(err)
		}
		fields := reflect.ValueOf(c)
		for i := range fields.NumField() {
			if fields.Field(i).IsZero() {
				t.Errorf("%s has no %s", language, fields.Type().Field(i).Tag.Get("toml"))
			}
		}
		for _, event := range events() {
			words := c.Events[event]
			if words.Subject == "" || len(words.Subject) > 80 || !strings.Contains(words.Text, "{site}") {
				t.Errorf("%s, %s: %+v", language, event, words)
			}
		}
	}
}

func TestTextsAreStrict(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tiem = 'Time:'":                         "unknown key tiem",
		"[events.reset]\nsubjcet = 'x'":          "unknown key events.reset.subjcet",
		"[events.resett]\nsubject = 'x'":         "unknown event resett",
		"time = ":                                "toml",
		"time = 'a'\n[events.any]\nsubject='ok'": "",
	} {
		_, err := parseCatalog([]byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func textsIn(t *testing.T, language string) *texts {
	t.Helper()
	words, err := newTexts(Options{Language: language, Site: "vpn.example.org", URL: "https://vpn.example.org/2fa/", Support: "Help: 0800 123"})
	if err != nil {
		t.Fatal(err)
	}
	words.zone = time.FixedZone("CET", 3600)
	return words
}

func TestCompose(t *testing.T) {
	t.Parallel()
	subject, text := textsIn(t, "").compose(phone)
	if want := "New device for two-factor login (vpn.example.org)"; subject != want {
		t.Errorf("subject %q, want %q", subject, want)
	}
	const want = `A new device was added to your two-factor login at vpn.example.org. Its codes are valid from now on.

Time: 2026-11-23 13:00 CET
Account: müller
Device: Phone
Address: 192.0.2.7
Done by: you

If this was not you, change your password and contact your support right away.
Help: 0800 123
Your devices and recent sign-ins: https://vpn.example.org/2fa/

This message was sent automatically. It never asks you for a password or a code.
`
	if text != want {
		t.Errorf("text\n%s\nwant\n%s", text, want)
	}
}

func TestComposeEveryEvent(t *testing.T) {
	t.Parallel()
	for _, language := range Languages() {
		subjects := make(map[string]bool)
		for _, event := range append(events(), "never_heard_of") {
			n := phone
			n.Event = event
			subject, text := textsIn(t, language).compose(n)
			subjects[subject] = true
			if strings.ContainsAny(subject+text, "{}%") || !utf8.ValidString(text) || !strings.Contains(text, "vpn.example.org") {
				t.Errorf("%s, %s: %q\n%s", language, event, subject, text)
			}
			if strings.Contains(text, "https://") == (event == "user_disabled") {
				t.Errorf("%s, %s: the page is named, or not:\n%s", language, event, text)
			}
		}
		if len(subjects) != len(events())-1 { // a reset by hand is a reset
			t.Errorf("%s: %d subjects", language, len(subjects))
		}
	}
}

func TestActor(t *testing.T) {
	t.Parallel()
	words := textsIn(t, "en")
	for actor, want := range map[string]string{
		"self": "Done by: you\n\nIf this was not you", "root": "Done by: an administrator\n\nIf you did not expect", "database": "Done by: an administrator\n\nIf you did not expect",
		"unknown": "Address: 192.0.2.7\n\nIf this was not you", "": "Address: 192.0.2.7\n\nIf this was not you",
	} {
		n := phone
		n.Actor = actor
		if _, text := words.compose(n); !strings.Contains(text, want) || strings.Contains(text, "root") {
			t.Errorf("by %q:\n%s", actor, text)
		}
	}
}

// What others wrote stays on its line, whatever it holds.
func TestComposeForeignValues(t *testing.T) {
	t.Parallel()
	words := textsIn(t, "en")
	_, ordinary := words.compose(phone)
	for _, value := range []string{"a\nb", "a\r\n\r\nb", "a\u2028b\u2029", "a\u202eb", "a\x00\x1bb", "\xff\xfe", strings.Repeat("x", 1<<16), "\u0085"} {
		n := phone
		n.User, n.Device, n.Address = "x"+value, "x"+value, "x"+value
		_, text := words.compose(n)
		if strings.Count(text, "\n") != strings.Count(ordinary, "\n") || strings.ContainsAny(text, "\r\x00\x1b\u2028\u2029\u202e\u0085\ufffd") || len(text) > 4000 {
			t.Errorf("%q: %d octets:\n%q", value, len(text), text[:min(len(text), 1000)])
		}
	}
	if _, text := words.compose(store.Notice{}); text == "" {
		t.Error("an empty notice makes no text")
	}
}
