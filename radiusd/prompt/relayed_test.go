package prompt

import (
	"strings"
	"testing"
	"unicode/utf8"

	"vpn-otpd/radiusd/access"
)

// What the first factor asks comes through in its words: one line, behind the
// word that the client matches on, and no longer than a Reply-Message.
func TestRelayed(t *testing.T) {
	t.Parallel()
	texts, err := New()
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("ü", 300)
	for _, test := range []struct{ word, message, want string }{
		{"", "Which colour? ", "Which colour?: "},
		{"", "PIN: ", "PIN: "},
		{"", " two\nlines\x1b[31m\tand\u202e \xff more ", "two lines [31m and more: "},
		{"OTP", "PIN", "OTP: PIN: "},
		{"PIN", "PIN of the token", "PIN of the token: "},
		{"", "", "Enter the answer that your password server asks for: "},
		{"OTP", " : \n", "OTP: Enter the answer that your password server asks for: "},
		{"OTP", long, "OTP: " + strings.Repeat("ü", 123) + ": "},
	} {
		d := access.Decision{Verdict: access.Challenge, Reason: access.PasswordAsks, State: "x", Message: test.message, TriesLeft: 1}
		got := texts.Text(Style{Word: test.word, Language: "en"}, d)
		if got != test.want || len(got) > maxOctets || !utf8.ValidString(got) {
			t.Errorf("%q behind %q: %q, want %q", test.message, test.word, got, test.want)
		}
	}
	// A message is of no account for any other question.
	d := access.Decision{Verdict: access.Challenge, Reason: access.CodeNeeded, State: "x", Message: "PIN"}
	if got := texts.Text(Style{Language: "en"}, d); strings.Contains(got, "PIN") {
		t.Errorf("%q", got)
	}
}

// Who had the right password reads why it wasn't enough.
func TestRejectsOfTheFirstFactor(t *testing.T) {
	t.Parallel()
	texts, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range Languages() {
		failed := texts.Text(Style{Language: language}, access.Decision{Verdict: access.Reject, Reason: access.PasswordWrong})
		seen := map[string]bool{failed: true, "": true}
		for _, reason := range []access.Reason{access.PasswordExpired, access.AccountLocked} {
			text := texts.Text(Style{Language: language}, access.Decision{Verdict: access.Reject, Reason: reason})
			if seen[text] {
				t.Errorf("%s, %s: %q", language, reason, text)
			}
			seen[text] = true
		}
	}
}
