package prompt

import (
	"strings"
	"testing"

	"vpn-otpd/radiusd/access"
)

const (
	shortURL = "https://vpn.example.org/2fa/"
	ticket   = "K7QM-4XHT"
	secret   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	grouped  = "ABCD EFGH IJKL MNOP QRST UVWX YZ23 4567"
)

var firstUseReasons = []access.Reason{access.EnrollmentRequired, access.EnrollmentNotBegun, access.EnrollmentWrong}

// longURL is the address of a page, so many octets long.
func longURL(octets int) string {
	return "https://" + strings.Repeat("v", octets-len("https:///2fa/")) + "/2fa/"
}

func firstUseChallenge(reason access.Reason, ticket, secret string) access.Decision {
	return access.Decision{Verdict: access.Challenge, Reason: reason, Ticket: ticket, Secret: secret, TriesLeft: 1}
}

func TestFirstUse(t *testing.T) {
	t.Parallel()
	all := texts(t)
	page, bare := Style{EnrollURL: shortURL, Support: "Help: 0800 123"}, Style{}
	german, french, dutch := Style{Language: "de", EnrollURL: shortURL}, Style{Language: "fr", EnrollURL: shortURL}, Style{Language: "nl", EnrollURL: shortURL, Word: "OTP"}
	required, notBegun, wrong := access.EnrollmentRequired, access.EnrollmentNotBegun, access.EnrollmentWrong
	const address = shortURL + ticket
	for _, c := range []struct {
		style          Style
		reason         access.Reason
		ticket, secret string
		want           string
	}{
		{page, required, ticket, "", "Enter the code that your app shows after you open " + address + " and set up two-factor login (Help: 0800 123): "},
		{page, notBegun, ticket, "", "Enter a code only after you have opened " + address + " in a browser and set up your app (one try left) (Help: 0800 123): "},
		{page, wrong, ticket, "", "Enter the next code, that one was not from the device you set up at " + address + " just now (one try left) (Help: 0800 123): "},
		{bare, required, "", secret, "Enter the code that your authenticator app shows after you add the key " + grouped + " to it: "},
		{bare, notBegun, "", secret, "Enter the code that your authenticator app shows after you add the key " + grouped + " to it (one try left): "},
		{bare, wrong, "", secret, "Enter the next code, that one did not match the key " + grouped + " in your app (one try left): "},
		{german, required, ticket, "", "Geben Sie den Code ein, den Ihre App zeigt, sobald Sie unter " + address + " die Zwei-Faktor-Anmeldung eingerichtet haben: "},
		{french, required, ticket, "", "Saisissez le code de votre application après avoir configuré sur " + address + " l'authentification à deux facteurs : "},
		{dutch, required, ticket, "", "OTP: Voer de code in die uw app toont zodra u op " + address + " aanmelden in twee stappen hebt ingesteld: "},
	} {
		if got := all.Text(c.style, firstUseChallenge(c.reason, c.ticket, c.secret)); got != c.want {
			t.Errorf("%s: %q\nwant %q", c.reason, got, c.want)
		}
	}
}

// The bound on addresses leaves room for every question of a first use behind
// the longest word, with the longest of hints.
func TestFirstUseIsWhole(t *testing.T) {
	t.Parallel()
	all, word := texts(t), strings.Repeat("w", 32)
	for _, language := range Languages() {
		for _, reason := range firstUseReasons {
			for _, support := range []string{"", "Help", strings.Repeat("x", 120)} {
				style := Style{Language: language, Word: word, Support: support, EnrollURL: longURL(MaxEnrollURL)}
				page, key := all.Text(style, firstUseChallenge(reason, ticket, "")), all.Text(style, firstUseChallenge(reason, "", secret))
				checkChallenge(t, page, word)
				checkChallenge(t, key, word)
				if !strings.Contains(page, " "+style.EnrollURL+ticket+" ") {
					t.Errorf("%s, %s: no whole address between blanks in %q", language, reason, page)
				}
				if !strings.Contains(key, " "+grouped+" ") {
					t.Errorf("%s, %s: no whole secret in %q", language, reason, key)
				}
			}
		}
	}
}

// Past the bound an address that doesn't fit is left out, never cut; and the
// bound is not far below what fits.
func TestTooLongIsLeftOut(t *testing.T) {
	t.Parallel()
	all, word := texts(t), strings.Repeat("w", 32)
	least := 300
	for _, language := range Languages() {
		for _, reason := range firstUseReasons {
			for octets := MaxEnrollURL; octets <= 300; octets++ {
				style := Style{Language: language, Word: word, EnrollURL: longURL(octets)}
				text := all.Text(style, firstUseChallenge(reason, ticket, ""))
				checkChallenge(t, text, word)
				if strings.Contains(text, style.EnrollURL+ticket+" ") {
					continue
				}
				if least = min(least, octets); strings.Contains(text, "http") || strings.Contains(text, ticket) {
					t.Fatalf("%s, %s: cut in %q", language, reason, text)
				}
			}
			text := all.Text(Style{Language: language, Word: word}, firstUseChallenge(reason, "", strings.Repeat("A", 200)))
			if checkChallenge(t, text, word); strings.Contains(text, "AAAA") {
				t.Errorf("%s, %s: cut in %q", language, reason, text)
			}
		}
	}
	if least <= MaxEnrollURL || least > MaxEnrollURL+8 {
		t.Errorf("addresses no longer fit from %d octets, the bound is %d", least, MaxEnrollURL)
	}
}

// A ticket is of use only with the page, and a first use without either still asks.
func TestFirstUseWithoutAddress(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for reason, want := range map[access.Reason]string{
		access.EnrollmentRequired: "Enter the code that your authenticator app shows: ",
		access.EnrollmentNotBegun: "Enter the code that your authenticator app shows (one try left): ",
		access.EnrollmentWrong:    "Enter the next code, that one was wrong (one try left): ",
	} {
		for _, d := range []access.Decision{firstUseChallenge(reason, ticket, ""), firstUseChallenge(reason, "", "")} {
			if got := all.Text(Style{}, d); got != want {
				t.Errorf("%s: %q", reason, got)
			}
		}
	}
}
