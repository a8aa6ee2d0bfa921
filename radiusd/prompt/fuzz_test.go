package prompt

import (
	"encoding/base32"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vpn-otpd/radiusd/access"
)

func FuzzStyle(f *testing.F) {
	f.Add("OTP", "Help: 0800 123", "en", shortURL, ticket, "", 3, int64(0))
	f.Add("", "", "de", longURL(MaxEnrollURL), ticket, "", 1, int64(time.Hour))
	f.Add(strings.Repeat("ä", 16), strings.Repeat("x", 120), "fr", longURL(MaxEnrollURL+20), ticket, "", 1, int64(240*time.Hour))
	f.Add("Enter", "", "nl", "", "", "12345678901234567890", 1, int64(-1))
	f.Add(strings.Repeat("w", 250), "%s", "xx", "https://vpn.example.org/%s%20/", "%d", strings.Repeat("A", 300), 0, int64(1)<<60)
	f.Add("", "", "fr", "ü", "ü", "üüü", 1, int64(1)<<62)
	all := texts(f)
	f.Fuzz(func(t *testing.T, word, support, language, url, ticket, seed string, tries int, deadline int64) {
		if !utf8.ValidString(word) || !utf8.ValidString(support) || !utf8.ValidString(url) || !utf8.ValidString(ticket) {
			t.Skip()
		}
		secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(seed))
		style := Style{Word: word, Support: support, Language: language, EnrollURL: url}
		for _, reason := range slices.Concat(challengeReasons, []access.Reason{access.EnrollmentClosed, access.PasswordWrong}) {
			d := access.Decision{
				Verdict: access.Challenge, Reason: reason, LockedUntil: noon, TriesLeft: tries,
				Ticket: ticket, Secret: secret, EnrollBy: noon.Add(time.Duration(deadline)),
			}
			text := all.Text(style, d)
			if len(text) > 253 || !utf8.ValidString(text) || !strings.HasSuffix(text, ": ") || !strings.HasPrefix(text, cut(word, 250)) {
				t.Errorf("%d octets: %q", len(text), text)
			}
			if slices.Contains(firstUseReasons, reason) && len(word) <= 32 && len(url) <= MaxEnrollURL && len(ticket) == 9 && url != "" && !strings.Contains(text, url+ticket+" ") {
				t.Errorf("%s: no whole address in %q", reason, text)
			}
			d.Verdict = access.Reject
			if text := all.Text(style, d); len(text) > 253 || !utf8.ValidString(text) || !strings.HasSuffix(text, ".") {
				t.Errorf("%d octets: %q", len(text), text)
			}
		}
	})
}
