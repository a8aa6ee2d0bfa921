package radiusd_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
)

// admitted is a client on whose socket the server asks itself.
func (w *world) admitted(at *net.UDPAddr) (asks *nas, forget func()) {
	asks = w.dial("127.0.0.1", at)
	secret, forget := w.server.AdmitSelf(asks.conn.LocalAddr().(*net.UDPAddr).AddrPort())
	asks.secret = string(secret)
	return asks, forget
}

// The server answers itself while its store is away and clients hear nothing.
func TestSelfIsAnsweredWithoutTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) {
		o.Probe = func(context.Context) error { return errors.New("the disk is full") }
	})
	for _, at := range []*net.UDPAddr{w.serve("udp4", "127.0.0.1:0"), w.serve("udp", "[::]:0")} {
		if at.IP.IsUnspecified() {
			at = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: at.Port}
		}
		asks, forget := w.admitted(at)
		for i := range byte(3) {
			reply := asks.ask(sign(write(12, i, placeholder), asks.secret))
			if reply.Code != radius.CodeAccessAccept {
				t.Errorf("%s answers %s", at, reply.Code)
			}
		}
		w.dial("127.0.0.1", at).silent(status(1), "status_unhealthy")
		forget()
	}
	snapshot := w.server.Snapshot()
	if snapshot.Received != 2 || snapshot.Answered["status"] != 0 || snapshot.Answered["accept"] != 0 {
		t.Errorf("it counts: %+v", snapshot)
	}
}

// What comes from the socket without the secret, or is a login, gets nothing.
func TestSelfGetsNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	asks, _ := w.admitted(w.serve("udp4", "127.0.0.1:0"))
	for name, datagram := range map[string][]byte{
		"unsigned":                    write(12, 1),
		"signed by a client's secret": status(2),
		"a login":                     login(3, "accept", asks.secret),
		"short":                       {12, 4, 0, 20},
		"empty":                       {},
	} {
		asks.send(datagram)
		if octets := asks.read(20 * time.Millisecond); octets != nil {
			t.Errorf("%s: answered with code %d", name, octets[0])
		}
	}
	asks.ask(sign(write(12, 5, placeholder), asks.secret))
	if asked := w.gate.requests(); len(asked) != 0 {
		t.Errorf("the gate was asked: %+v", asked)
	}
}

// The address stays the client's that has it: other sockets on it, and this one
// when it is forgotten.
func TestSelfTakesNothingFromClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at := w.serve("udp4", "127.0.0.1:0")
	asks, forget := w.admitted(at)
	w.dial("127.0.0.1", at).ask(status(1))
	later, forgetLater := w.admitted(at)
	forget() // of the earlier one: the later one stays
	later.ask(sign(write(12, 1, placeholder), later.secret))
	forgetLater()
	later.silent(sign(write(12, 2, placeholder), later.secret), "message_authenticator_wrong")
	asks.secret = testSecret
	asks.ask(status(3))
}
