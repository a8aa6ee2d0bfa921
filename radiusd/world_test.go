package radiusd_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/prompt"
)

const testSecret = "a secret that only the tests know"

// fakeGate answers by the password unless check is set, and keeps what it was asked.
type fakeGate struct {
	check func(ctx context.Context, r access.Request) (access.Decision, error)
	mutex sync.Mutex
	asked []access.Request
}

func (g *fakeGate) Check(ctx context.Context, r access.Request) (access.Decision, error) {
	g.mutex.Lock()
	g.asked = append(g.asked, r)
	g.mutex.Unlock()
	if g.check != nil {
		return g.check(ctx, r)
	}
	switch string(r.Password) {
	case "challenge":
		return access.Decision{Verdict: access.Challenge, Reason: access.CodeNeeded, State: "valid-state"}, nil
	case "accept":
		return access.Decision{Verdict: access.Accept, Reason: access.TOTPAccepted, User: "canonical"}, nil
	}
	return access.Decision{Verdict: access.Reject, Reason: access.PasswordWrong}, nil
}

func (g *fakeGate) ValidState(state string) bool { return strings.HasPrefix(state, "valid") }

func (g *fakeGate) requests() []access.Request {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return append([]access.Request(nil), g.asked...)
}

type fakePrompter struct{}

func (fakePrompter) Text(_ prompt.Style, d access.Decision) string {
	switch {
	case d.Verdict == access.Challenge:
		return "Code: "
	case d.Reason == access.Locked:
		return "Locked."
	}
	return ""
}

// world is a running server with what it stands on.
type world struct {
	t      testing.TB
	gate   *fakeGate
	server *radiusd.Server
	offset atomic.Int64 // of the server's clock
	log    *lockedBuffer
}

type lockedBuffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}

// newWorld makes a server for 127.0.0.1 (verified), 127.0.0.2 (legacy),
// 127.0.0.3 (legacy with limited Proxy-State) and ::1.
func newWorld(t testing.TB, change func(*radiusd.Options)) *world {
	w := &world{t: t, gate: &fakeGate{}, log: &lockedBuffer{}}
	options := radiusd.Options{
		Gate:               w.gate,
		Prompter:           fakePrompter{},
		Logger:             slog.New(slog.NewTextHandler(w.log, nil)),
		WithoutRejectDelay: true,
		Now:                func() time.Time { return time.Now().Add(time.Duration(w.offset.Load())) },
	}
	if change != nil {
		change(&options)
	}
	server, err := radiusd.New(options, table(t, testClients()...))
	if err != nil {
		t.Fatal(err)
	}
	w.server = server
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return w
}

func testClients() []radiusd.Client {
	client := func(name, network string) radiusd.Client {
		return radiusd.Client{
			Client:       access.Client{Name: name, Mode: access.ModeChallenge},
			Networks:     []netip.Prefix{netip.MustParsePrefix(network)},
			Secret:       []byte(testSecret),
			StatusServer: true,
		}
	}
	strict, legacy, limited := client("strict", "127.0.0.1/32"), client("legacy", "127.0.0.2/32"), client("limited", "127.0.0.3/32")
	strict.RequireMessageAuthenticator = true
	limited.LimitProxyState, limited.StatusServer = true, false
	return []radiusd.Client{strict, legacy, limited, client("six", "::1/128")}
}

func table(t testing.TB, clients ...radiusd.Client) *radiusd.Table {
	t.Helper()
	made, err := radiusd.NewTable(clients)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// serve opens a socket on the address and returns where it listens.
func (w *world) serve(network, address string) *net.UDPAddr {
	w.t.Helper()
	at, err := net.ResolveUDPAddr(network, address)
	if err != nil {
		w.t.Fatal(err)
	}
	conn, err := net.ListenUDP(network, at)
	if err != nil {
		w.t.Fatal(err)
	}
	conn.SetReadBuffer(4 << 20) // tests send before Serve has come to it
	done := make(chan error, 1)
	go func() { done <- w.server.Serve(context.Background(), conn) }()
	w.t.Cleanup(func() { // runs before the server's own cleanup
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		w.server.Shutdown(ctx)
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	return conn.LocalAddr().(*net.UDPAddr)
}

// nas is a client's connected socket: it takes replies only from the address it asked.
type nas struct {
	w      *world
	conn   *net.UDPConn
	secret string
}

func (w *world) dial(from string, to *net.UDPAddr) *nas {
	w.t.Helper()
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(from)}, to)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	return &nas{w: w, conn: conn, secret: testSecret}
}

// client is a server on 127.0.0.1 and a client from the address.
func (w *world) client(from string) *nas { return w.dial(from, w.serve("udp4", "127.0.0.1:0")) }

func (n *nas) send(datagram []byte) {
	n.w.t.Helper()
	if _, err := n.conn.Write(datagram); err != nil {
		n.w.t.Fatal(err)
	}
}

// read returns the next datagram within the time, nil if there is none.
func (n *nas) read(within time.Duration) []byte {
	n.w.t.Helper()
	buffer := make([]byte, 8192)
	n.conn.SetReadDeadline(time.Now().Add(within))
	length, err := n.conn.Read(buffer)
	if err != nil {
		return nil
	}
	return buffer[:length]
}

// ask sends a request and returns the reply, which it checks as every client
// should: signed, and with the Message-Authenticator first.
func (n *nas) ask(request []byte) *radius.Packet {
	n.w.t.Helper()
	n.send(request)
	return n.reply(request)
}

func (n *nas) reply(request []byte) *radius.Packet {
	n.w.t.Helper()
	octets := n.read(5 * time.Second)
	if octets == nil {
		n.w.t.Fatal("no reply")
	}
	return verified(n.w.t, octets, request, n.secret)
}

// silent sends a datagram and checks that it is dropped for the cause.
func (n *nas) silent(datagram []byte, cause string) {
	n.w.t.Helper()
	before := n.w.server.Snapshot().Dropped[cause]
	n.send(datagram)
	n.w.until(cause+" counted", func() bool { return n.w.server.Snapshot().Dropped[cause] > before })
	if octets := n.read(20 * time.Millisecond); octets != nil {
		n.w.t.Errorf("%s: answered with code %d", cause, octets[0])
	}
}

// until waits for a condition.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if holds() {
			return
		}
	}
	w.t.Fatalf("never: %s; %+v", what, w.server.Snapshot())
}
