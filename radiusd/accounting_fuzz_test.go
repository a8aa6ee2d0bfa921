package radiusd

import (
	"bytes"
	"context"
	"crypto/md5"
	"net/netip"
	"strings"
	"testing"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
)

// witness keeps the last event.
type witness struct{ event *access.Accounting }

func (w *witness) Record(_ context.Context, event access.Accounting) error {
	w.event = &event
	return nil
}

func newWireAccounting(t testing.TB) (*Server, *witness) {
	table, err := NewTable([]Client{{
		Client:   access.Client{Name: "nas"},
		Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		Secret:   []byte("the secret of this wire"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	accountant := &witness{}
	server, err := New(Options{Accountant: accountant}, table)
	if err != nil {
		t.Fatal(err)
	}
	return server, accountant
}

func TestAccountingJunkCostsNoMemory(t *testing.T) {
	server, _ := newWireAccounting(t)
	for title, c := range map[string]struct {
		datagram []byte
		cause    drop
	}{
		"a login":        {onWire(1, ""), dropCode},
		"wrongly signed": {onWire(4, "\x2c\x04S1"), dropRequestAuthenticator},
	} {
		receive := func() { server.receive(&wire{}, c.datagram, nil, wireRemote) }
		receive() // the first one is logged
		if allocations := testing.AllocsPerRun(200, receive); allocations >= 2 && !raceEnabled() {
			t.Errorf("%s: %v allocations", title, allocations)
		}
		if server.counters.dropped[c.cause].Load() == 0 {
			t.Errorf("%s: not counted", title)
		}
	}
}

// FuzzAccounting: whatever a client signs, nothing panics, what is recorded is
// whole, and only that is answered.
func FuzzAccounting(f *testing.F) {
	const status, nas, session = "\x28\x06\x00\x00\x00\x01", "\x20\x05nas", "\x2c\x04S1"
	for _, seed := range []string{
		"", status + nas + session, status + nas, status + session, nas + session, status + nas + session + "\x02\x12" + strings.Repeat("x", 16),
		"\x28\x06\x00\x00\x00\x07" + nas, status + nas + session + "\x29\x06\xff\xff\xff\xff\x2e\x06\xff\xff\xff\xff\x34\x06\xff\xff\xff\xff\x2a\x06\xff\xff\xff\xff",
		status + "\x04\x06\x0a\x00\x00\x01" + session + "\x08\x06\x0a\x00\x00\x02\xa8\x12" + strings.Repeat("6", 16) + "\x01\x07alice\x1f\x03c\x31\x06\x00\x00\x00\x01",
		"\x28\x03\x01" + nas + session, status + status + nas + session, status + nas + "\x2c\x02", "\x28\x06\x00\x00\x00\x0f" + nas + session, status + nas + session + "\x21\x03p\x21\x02",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, attributes []byte) {
		if len(attributes) > radius.MaxPacketLength-headerLength {
			return
		}
		datagram := onWire(4, string(attributes))
		clear(datagram[authenticatorOffset:headerLength])
		sum := md5.Sum(append(bytes.Clone(datagram), "the secret of this wire"...))
		copy(datagram[authenticatorOffset:], sum[:])
		server, accountant := newWireAccounting(t)
		link := &wire{sent: make(chan []byte, 1)}
		server.receive(link, datagram, nil, wireRemote)
		select {
		case x := <-server.queue.ordinary:
			server.answer(x)
		default:
		}
		if server.counters.dropped[dropPanic].Load() > 0 {
			t.Fatal("it panicked")
		}
		select {
		case reply := <-link.sent:
			if accountant.event == nil || reply[0] != 5 || !radius.IsAuthenticResponse(reply, datagram, []byte("the secret of this wire")) {
				t.Fatalf("reply %x to %x", reply, datagram)
			}
		default:
			if accountant.event != nil && server.counters.dropped[dropTooLarge].Load() == 0 {
				t.Fatal("recorded, but not answered")
			}
		}
		if e := accountant.event; e != nil && (e.NAS == "" || e.Delay < 0 || e.Lasted < 0 || e.InputOctets > 1<<63-1 || e.OutputOctets > 1<<63-1 ||
			e.Session == "" && e.Status != access.AccountingOn && e.Status != access.AccountingOff) {
			t.Fatalf("recorded %+v", e)
		}
	})
}
