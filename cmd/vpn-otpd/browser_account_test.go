package main

import (
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// recoveryCodes are the codes that the page shows.
func (p *tab) recoveryCodes() []string {
	p.Helper()
	text := p.read(`document.querySelector("#recovery-codes").innerText`)
	codes := regexp.MustCompile(`\S+`).FindAllString(text, -1)
	if slices.Sort(codes); len(slices.Compact(codes)) != 10 {
		p.Fatalf("recovery codes: %q", text)
	}
	return codes
}

// A user signs in, enrolls with a phone that scans the page, keeps the recovery
// codes, and later replaces the phone.
func TestBrowserEnrollsAndReplaces(t *testing.T) {
	t.Parallel()
	p := startBrowser(t).visitor(t)
	s := startSite(t)
	s.add(t, "alice")

	if status := p.signIn(s, "alice", "wrong"); status != 422 {
		t.Fatalf("a wrong password has status %d", status)
	}
	p.shows("The sign-in failed")
	p.signIn(s, "Alice", sitePassword)
	p.at("/2fa/enroll") // at once: it is enforced
	device := p.enroll("Old phone")
	p.shows("Your device is set up", "Old phone")
	codes := p.recoveryCodes()

	p.forgets(device.secret, codes...)

	// From now on a code is asked for, and each counts once.
	p.signsOut(s)
	p.signIn(s, "alice", sitePassword)
	p.refused(device.at(device.last), "That code was used already")
	p.give(device)
	p.shows("Your devices", "Old phone", "10 recovery codes left")
	p.signsOut(s)
	p.signIn(s, "alice", sitePassword)
	p.fill("#code", codes[0])
	p.press("#submit")
	p.shows("9 recovery codes left", "Logged in with a recovery code")
	p.signsOut(s)
	p.signIn(s, "alice", sitePassword)
	p.refused(codes[0], "That code was wrong")
	p.press("#signout") // to begin anew
	p.signIn(s, "alice", sitePassword)
	p.refused(codes[0], "That code was wrong")
	p.fill("#code", codes[1])
	p.press("#submit")

	// Another phone takes the place of the first, with a fresh code of that.
	p.press(`a[aria-label="Replace Old phone"]`)
	p.shows("“Old phone” stops working")
	p.refused("000000", "That code was wrong")
	p.give(device)
	p.at("/2fa/enroll")
	p.shows("takes the place of “Old phone”")
	second := p.enroll("New phone")
	if second.secret == device.secret {
		t.Error("both phones have the same secret")
	}
	p.forgets(second.secret)
	p.open(s.url)
	p.shows("New phone", "A device was replaced")
	p.signsOut(s)
	p.signIn(s, "alice", sitePassword)
	p.refused(device.now(), "That code was wrong")
	p.give(second)
	p.shows("Your devices", "New phone")
}

// forgets looks for what was shown once, with the buttons that every browser has.
func (p *tab) forgets(secret string, codes ...string) {
	p.Helper()
	gone := append([]string{secret, secret[:4] + "</span>", "otpauth:", `id="qr"`}, codes...)
	if codes != nil {
		if status := p.load("loading the page again", chromedp.Reload()); status != 200 {
			p.Errorf("loaded again, the recovery codes have status %d", status)
		}
		p.hides(gone...)
		p.shows("Your devices", "10 recovery codes left")
	}
	p.back()
	p.hides(gone...)
	p.forward()
	p.hides(gone...)
}

// signsOut presses the button and is asked for the password again.
func (p *tab) signsOut(s *site) {
	p.Helper()
	p.open(s.url)
	p.press("#signout")
	p.shows("Password")
}
