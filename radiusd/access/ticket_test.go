package access_test

import (
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/totp"
)

// The second browser is refused, told of and remembered: the next login begins
// anew, while the first browser and its prompt go on.
func TestTicketOfOneBrowser(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	pass := w.opened(d.Ticket, access.Pass{})
	secret := w.secretOf(pass)
	for range 2 {
		_, err := w.enroller().OpenTicket(t.Context(), d.Ticket, access.Pass{}, browser)
		w.fault(err, access.FaultTicketOther)
	}
	_, err := w.enroller().OpenTicket(t.Context(), d.Ticket, access.Pass{User: "alice", Enrollment: []byte("another")}, browser)
	w.fault(err, access.FaultTicketOther)
	if said := w.told(); said != "alice ticket_other_browser" {
		t.Errorf("told %q", said)
	}
	if same := w.opened(d.Ticket, pass); w.secretOf(same) != secret {
		t.Error("the first browser got another secret")
	}
	w.want(w.answer(challenge(), "alice", d.State, codeOf(w, secret, 0)), access.Accept, access.FirstUseAccepted)

	bob := w.begun(challenge(), "bob")
	stolen := w.opened(bob.Ticket, access.Pass{})
	known := w.secretOf(stolen)
	_, err = w.enroller().OpenTicket(t.Context(), bob.Ticket, access.Pass{}, browser)
	w.fault(err, access.FaultTicketOther)
	next := w.begun(challenge(), "bob")
	if next.Ticket == bob.Ticket {
		t.Error("a contested ticket was given again")
	}
	if w.secretOf(w.opened(next.Ticket, access.Pass{})) == known {
		t.Error("a contested secret was given again")
	}
	_, err = w.enroller().Pending(t.Context(), stolen)
	w.fault(err, access.FaultExpired)
}

func TestTicketRace(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	for range 10 {
		w.clock.Add(11 * time.Minute)
		d := w.begun(challenge(), "alice")
		var won atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := w.enroller().OpenTicket(t.Context(), d.Ticket, access.Pass{}, browser); err == nil {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d browsers opened one ticket", won.Load())
		}
	}
}

// Wrong tickets are slowed for their network, and in total.
func TestTicketGuessing(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	guess := func(n int) string {
		const letters = "3479ACDEFGHJKMNPQRTVWXY"
		return "AAAA-AA" + string([]byte{letters[n/23%23], letters[n%23]})
	}
	throttled := func(n int, from netip.Addr) bool {
		_, err := w.enroller().OpenTicket(t.Context(), guess(n), access.Pass{}, from)
		return access.FaultOf(err) == access.FaultThrottled
	}
	tries := 0
	for ; tries < 100 && !throttled(tries, browser); tries++ {
	}
	if tries != 10 {
		t.Errorf("one network tried %d tickets", tries)
	}
	_, err := w.enroller().OpenTicket(t.Context(), d.Ticket, access.Pass{}, browser.Next())
	w.fault(err, access.FaultThrottled) // the right one too, for the whole network
	for ; tries < 1000 && !throttled(tries, netip.AddrFrom4([4]byte{10, byte(tries >> 8), byte(tries), 1})); tries++ {
	}
	if tries != 200 {
		t.Errorf("all together tried %d tickets", tries)
	}
	w.clock.Add(time.Minute) // both waits are over
	if w.opened(d.Ticket, access.Pass{}).User != "alice" {
		t.Error("the ticket opened another enrollment")
	}
}

// Malformed tickets are no guess.
func TestMalformedTickets(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	ticket := w.begun(challenge(), "alice").Ticket
	for _, typed := range []string{"", "AAAA", "AAAA-AAAAA", "IIII-OOOO", ticket + "A", strings.Repeat("A", 1<<20), "\x00", "ÄÄÄÄ-ÄÄÄÄ"} {
		for range 20 {
			_, err := w.enroller().OpenTicket(t.Context(), typed, access.Pass{}, browser)
			w.fault(err, access.FaultTicketUnknown)
		}
	}
	w.opened(" "+strings.ToLower(strings.Replace(ticket, "-", " ", 1))+" ", access.Pass{})
}

// Secrets are of their own and 160 bits long; tickets are of their own too.
func TestDrawnAnew(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	seen := make(map[string]bool)
	for range 50 {
		w.clock.Add(11 * time.Minute)
		d := w.begun(challenge(), "alice")
		secret := w.secretOf(w.opened(d.Ticket, access.Pass{}))
		octets, err := totp.ParseSecret(secret)
		if err != nil || len(octets) != 20 || seen[secret] || seen[d.Ticket] {
			t.Fatalf("secret of %d octets, ticket %s: drawn before", len(octets), d.Ticket)
		}
		seen[secret], seen[d.Ticket] = true, true
	}
}
