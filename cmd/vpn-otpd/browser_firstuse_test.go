package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"layeh.com/radius"

	"vpn-otpd/radiusd/client"
)

// waiting is a VPN login that waits for an answer.
type waiting struct {
	*testing.T
	*client.Login
	reply *client.Reply
}

// startLogin gives the password at the VPN, which asks for something more.
func (s *site) startLogin(t *testing.T, user string) *waiting {
	t.Helper()
	p := &waiting{T: t, Login: s.login(t, user)}
	p.answer(sitePassword, radius.CodeAccessChallenge)
	return p
}

// answer types an answer and says what must come of it.
func (p *waiting) answer(field string, want radius.Code) {
	p.Helper()
	reply, err := p.Login.Answer(p.Context(), []byte(field))
	if err != nil || reply.Code != want {
		p.Fatalf("the VPN said %v (%v), not %v", reply, err, want)
	}
	p.reply = reply
}

// text is what the user reads there.
func (p *waiting) text() string { return strings.Join(p.reply.Messages(), "") }

// address is the address in it, with the ticket.
func (p *waiting) address() string {
	p.Helper()
	match := regexp.MustCompile(`http\S*/[A-Z0-9]{4}-[A-Z0-9]{4}\b`).FindString(p.text())
	if match == "" {
		p.Fatalf("there is no address in %q", p.text())
	}
	return match
}

// begin opens an address with a ticket and presses its button.
func (p *tab) begin(address string) {
	p.Helper()
	if status := p.open(address); status != http.StatusOK {
		p.Fatalf("%s has status %d", address, status)
	}
	p.press("#submit")
}

// A login waits at its prompt while the browser sets up the device; its first
// code, typed there, lets the user in: one sitting.
func TestBrowserEnrollsForWaitingLogin(t *testing.T) {
	t.Parallel()
	first := startBrowser(t)
	s := startSite(t)
	s.add(t, "alice")
	vpn, p := s.startLogin(t, "alice"), first.visitor(t)
	address := vpn.address()
	vpn.answer("123456", radius.CodeAccessChallenge) // too early: it says so, and waits
	if vpn.address() != address {
		t.Errorf("the second prompt says %q", vpn.text())
	}

	p.begin(address)
	p.at("/2fa/enroll") // without the ticket
	device := p.scan()
	p.open(s.url) // it opens nothing else
	p.at("/2fa/enroll")
	if again := p.scan(); again.secret != device.secret {
		t.Error("looked at again, the page shows another secret")
	}

	// Whoever reads the prompt on the wire comes second.
	other := startBrowser(t).visitor(t)
	other.begin(address)
	other.shows("another browser")
	other.hides("otpauth:", `id="qr"`)
	other.open(s.url + "enroll")
	other.shows("Password")

	vpn.acceptedWith(device)
	p.open(s.url + "enroll")
	p.hides("otpauth:", device.secret)
	p.begin(address) // it is spent
	p.shows("not valid")
	again := s.startLogin(t, "alice")
	again.answer(device.at(device.last), radius.CodeAccessChallenge)
	again.acceptedWith(device)
}

// acceptedWith answers with a code, and with the next where the machine was too
// slow for the first.
func (p *waiting) acceptedWith(d *phone) {
	p.Helper()
	for {
		reply, err := p.Login.Answer(p.Context(), []byte(d.code()))
		if err != nil {
			p.Fatal(err)
		}
		if reply.Code == radius.CodeAccessAccept {
			return
		}
		if !d.tooLate() {
			p.Fatalf("the code was refused: %v %q", reply.Code, reply.Messages())
		}
	}
}

// The code may be typed on the page first; the same one then lets in, once.
func TestBrowserConfirmsForWaitingLogin(t *testing.T) {
	t.Parallel()
	p := startBrowser(t).visitor(t)
	s := startSite(t)
	s.add(t, "bob")
	vpn := s.startLogin(t, "bob")
	p.begin(vpn.address())
	device := p.enroll("Phone")
	p.shows("Almost done: enter a code at the VPN")
	codes := p.recoveryCodes()
	p.hides("otpauth:", device.secret)

	// Until then nothing counts: the prompt may have been read by somebody else.
	if account, err := s.admin.User(t.Context(), "bob"); err != nil || len(account.Devices) != 0 {
		t.Errorf("before the VPN has the code: %+v, %v", account, err)
	}
	vpn.answer(device.at(device.last), radius.CodeAccessAccept)
	again := s.startLogin(t, "bob")
	again.answer(device.at(device.last), radius.CodeAccessChallenge)
	again.answer(codes[0], radius.CodeAccessAccept)
}
