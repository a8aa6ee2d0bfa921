package radiusd

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
)

// wire is a link without a network.
type wire struct{ sent chan []byte }

func (w *wire) localAddress([]byte) netip.Addr { return netip.Addr{} }

func (w *wire) send(reply []byte, _ route) error {
	w.sent <- bytes.Clone(reply)
	return nil
}

// passwordGate accepts one password.
type passwordGate struct{}

const rightPassword = "the right one"

func (passwordGate) Check(_ context.Context, r access.Request) (access.Decision, error) {
	switch {
	case string(r.Password) == rightPassword:
		return access.Decision{Verdict: access.Accept, User: "alice"}, nil
	case r.State == "":
		return access.Decision{Verdict: access.Challenge, State: "valid"}, nil
	}
	return access.Decision{Verdict: access.Reject}, nil
}

func (passwordGate) ValidState(state string) bool { return state == "valid" }

var wireRemote = netip.MustParseAddrPort("192.0.2.1:1000")

func newWireServer(t testing.TB, strict bool) *Server {
	table, err := NewTable([]Client{{
		Client:                      access.Client{Name: "nas"},
		Networks:                    []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		Secret:                      []byte("the secret of this wire"),
		RequireMessageAuthenticator: strict,
		StatusServer:                true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	server, err := New(Options{Gate: passwordGate{}, WithoutRejectDelay: true}, table)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// onWire makes a packet with its Length filled in.
func onWire(code byte, attributes string) []byte {
	packet := append([]byte{code, 1, 0, 0}, strings.Repeat("a", 16)+attributes...)
	binary.BigEndian.PutUint16(packet[2:], uint16(len(packet)))
	return packet
}

func TestJunkCostsNoMemory(t *testing.T) {
	server := newWireServer(t, true)
	link := &wire{}
	mac := "\x50\x12" + strings.Repeat("m", 16)
	for title, c := range map[string]struct {
		remote   string
		datagram []byte
		cause    drop
	}{
		"unknown client": {"198.51.100.1:1", onWire(1, mac), dropUnknownClient},
		"IPv6 stranger":  {"[2001:db8::1]:1", onWire(1, mac), dropUnknownClient},
		"short":          {"192.0.2.1:1", []byte{1, 2}, dropLength},
		"code":           {"192.0.2.1:1", onWire(2, mac), dropCode},
		"attribute":      {"192.0.2.1:1", onWire(1, mac+"\x00\x02"), dropAttribute},
		"unsigned":       {"192.0.2.1:1", onWire(1, "\x01\x03x"), dropAuthenticatorMissing},
		"wrongly signed": {"[::ffff:192.0.2.1]:1", onWire(1, mac), dropAuthenticatorWrong},
	} {
		remote := netip.MustParseAddrPort(c.remote)
		receive := func() { server.receive(link, c.datagram, nil, remote) }
		receive() // the first one is logged
		if allocations := testing.AllocsPerRun(200, receive); allocations >= 1 && !raceEnabled() {
			t.Errorf("%s: %v allocations", title, allocations)
		}
		if dropped := server.counters.dropped[c.cause].Load(); dropped == 0 {
			t.Errorf("%s: not counted", title)
		}
	}
}

func TestInspectFindsTheBorders(t *testing.T) {
	for title, c := range map[string]struct {
		datagram []byte
		want     drop
	}{
		"empty packet":               {onWire(1, ""), kept},
		"too large for the protocol": {onWire(1, strings.Repeat("\x19\x21"+strings.Repeat("c", 31), 130)), dropLength},
		"as large as it may be":      {onWire(1, strings.Repeat("\x19\xff"+strings.Repeat("c", 253), 15)+"\x19\xfb"+strings.Repeat("c", 249)), kept},
		"length 1 before a fit":      {onWire(1, "\x19\x01\x03x"), dropAttribute},
		"one octet left":             {onWire(1, "\x19\x02\x19"), dropAttribute},
	} {
		if _, got := inspect(c.datagram, 1); got != c.want {
			t.Errorf("%s: %q", title, got)
		}
	}
}

// raceEnabled finds out whether sync.Pool drops things at random, as it does
// under the race detector.
func raceEnabled() bool {
	a := newAuthenticator([]byte("x"))
	request := make([]byte, 40)
	return testing.AllocsPerRun(200, func() { a.verify(request, 22) }) > 0
}

// FuzzPacket: whatever comes in, nothing panics, replies are well-formed and
// signed, and nothing but the right password is accepted.
func FuzzPacket(f *testing.F) {
	secret := newAuthenticator([]byte("the secret of this wire"))
	hidden, _ := secret.password(append([]byte(rightPassword), 0, 0, 0), []byte(strings.Repeat("a", 16))) // its own inverse for one block
	right := "\x02\x12" + string(append(hidden, make([]byte, 16-len(hidden))...))
	mac, name := "\x50\x12"+strings.Repeat("\x00", 16), "\x01\x07alice"
	for _, seed := range []string{
		"", name + right, name + right + mac, mac + name + right + "\x21\x03p\x21\x02\x21\x03p", name + "\x02\x12" + strings.Repeat("x", 16),
		name + "\x03\x13" + strings.Repeat("c", 17) + mac, "\x4f\x0a\x02\x05\x00\x08\x01alic" + mac, right, name + name + right,
		name + right + "\x18\x07valid", name + right + "\x00\x02", name + right + "\x05\x05abc\xf1\x02", mac + mac, "\x50\x03x", "\x01\x01", "\x01\xff",
		strings.Repeat("\x21\xff"+strings.Repeat("p", 253), 15), strings.Repeat("\x19\x02", 201),
	} {
		f.Add(onWire(1, seed), false)
		f.Add(onWire(1, seed), true)
		f.Add(onWire(12, seed), true)
	}
	f.Add([]byte{}, false)
	f.Add(append(onWire(1, name+right), "padding"...), false)
	f.Fuzz(func(t *testing.T, datagram []byte, signed bool) {
		server := newWireServer(t, false)
		if request, cause := inspect(datagram, 1); signed && cause == kept && request.messageAuthenticator != 0 {
			mac := secret.macs.Get().(*keyedMAC)
			copy(request.octets[request.messageAuthenticator:], mac.of(request.octets, request.messageAuthenticator))
		}
		link := &wire{sent: make(chan []byte, 1)}
		sent := bytes.Clone(datagram)
		server.receive(link, datagram, nil, wireRemote)
		if !bytes.Equal(sent, datagram) {
			t.Fatal("the datagram was written to")
		}
		select {
		case x := <-server.queue.ordinary:
			server.answer(x)
		case x := <-server.queue.preferred:
			server.answer(x)
		case x := <-server.status.waiting:
			server.answerOneStatus(x)
		default:
		}
		if panics := server.counters.dropped[dropPanic].Load(); panics > 0 {
			t.Fatal("it panicked")
		}
		select {
		case reply := <-link.sent:
			checkFuzzedReply(t, secret, datagram, reply)
		default:
		}
	})
}

func checkFuzzedReply(t *testing.T, secret *authenticator, datagram, reply []byte) {
	request := datagram[:binary.BigEndian.Uint16(datagram[2:])]
	signed := append(bytes.Clone(reply[:authenticatorOffset]), request[authenticatorOffset:headerLength]...)
	signed = append(signed, reply[headerLength:]...)
	if reply[1] != request[1] || int(binary.BigEndian.Uint16(reply[2:])) != len(reply) || len(reply) > radius.MaxPacketLength ||
		!secret.verify(signed, replyAuthenticator) || !radius.IsAuthenticResponse(reply, request, secret.secret) {
		t.Fatalf("reply %x", reply)
	}
	if _, err := radius.Parse(reply, secret.secret); err != nil {
		t.Fatal(err)
	}
	if radius.Code(reply[0]) != radius.CodeAccessAccept || request[0] == byte(radius.CodeStatusServer) {
		return
	}
	asked, err := radius.Parse(request, secret.secret)
	if err != nil {
		t.Fatal(err)
	}
	password, err := radius.UserPassword(asked.Get(2), secret.secret, request[authenticatorOffset:headerLength])
	if err != nil || string(password) != rightPassword {
		t.Fatalf("accepted %q", password)
	}
}

func TestPasswordIsUncoveredAsItWasHidden(t *testing.T) {
	a := newAuthenticator([]byte("xyzzy5461"))
	// RFC 2865 section 7.1.
	authenticator := []byte("\x0f\x40\x3f\x94\x73\x97\x80\x57\xbd\x83\xd5\xcb\x98\xf4\x22\x7a")
	hidden := []byte("\x0d\xbe\x70\x8d\x93\xd4\x13\xce\x31\x96\xe4\x3f\x78\x2a\x0a\xee")
	if password, ok := a.password(hidden, authenticator); !ok || string(password) != "arctangent" {
		t.Errorf("%q", password)
	}
}

func TestRates(t *testing.T) {
	now := time.Unix(1000, 0)
	var minute perMinute
	for i, c := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {0, false}, {59 * time.Second, false}, {60 * time.Second, true}, {-time.Hour, true}, {-time.Hour, false}} {
		if got := minute.allow(now.Add(c.after)); got != c.want {
			t.Errorf("minute, step %d: %t", i, got)
		}
	}
	var second perSecond
	for i, want := range []bool{true, true, false} {
		if got := second.allow(now, 2); got != want {
			t.Errorf("second, step %d: %t", i, got)
		}
	}
	if !second.allow(now.Add(time.Second), 2) {
		t.Error("the next second")
	}
}
