package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

// manager is the end of NOTIFY_SOCKET that systemd has.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
}

func newManager(t *testing.T) *manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", conn.LocalAddr().String())
	return &manager{t, conn}
}

// hear returns what is said within a time, "" for nothing.
func (m *manager) hear(within time.Duration) string {
	octets := make([]byte, 4096)
	m.conn.SetReadDeadline(time.Now().Add(within))
	n, _ := m.conn.Read(octets)
	return string(octets[:n])
}

// until waits for a message that contains the text.
func (m *manager) until(text string) string {
	m.t.Helper()
	var heard []string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		said := m.hear(time.Second)
		if strings.Contains(said, text) {
			return said
		}
		heard = append(heard, said)
	}
	m.t.Fatalf("nothing like %q was said, but %q", text, heard)
	return ""
}

// silent is how long nothing but the status may be said.
func (m *manager) silent(what string, during time.Duration) {
	m.t.Helper()
	for end := time.Now().Add(during); time.Now().Before(end); {
		if said := m.hear(time.Until(end)); said != "" {
			m.t.Errorf("%s, and it says %q", what, said)
		}
	}
}

// A store that is away changes the status and starves no watchdog.
func TestWatchdogWithoutTheStore(t *testing.T) {
	m := newManager(t)
	t.Setenv("WATCHDOG_USEC", "400000")
	d := startDaemon(t, codeClient+"[[radius.client]]\nname = \"elsewhere\"\nnetworks = [\"::1/128\"]\nsecret = \"another shared secret\"\n")
	m.until("READY=1\nSTATUS=two-factor is enforced; 0 enrolled")
	m.until("WATCHDOG=1")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() { d.tellStatus(ctx, 20*time.Millisecond); close(ended) }()
	d.enroll(t, "alice")
	m.until("1 enrolled; 0 accepted, 0 refused")
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	m.until("STATUS=two-factor is enforced; store is away: ")
	cancel()
	<-ended
	m.until("WATCHDOG=1") // what was said before it went away
	m.until("WATCHDOG=1")
	m.until("WATCHDOG=1")
}

// A socket that is read no more starves it, but not one that never answered.
func TestWatchdogOfASocketThatHangs(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	w := d.newWatchdog(5 * time.Second)
	if err := w.probe(t.Context()); err != nil || !w.answered[0] {
		t.Fatalf("alive: %v, answered %v", err, w.answered)
	}
	if snapshot := d.radius.Snapshot(); snapshot.Received != 0 || len(d.gate.Metrics().Decisions) != 0 {
		t.Errorf("it counts: %+v", snapshot)
	}
	unread, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	w.within, w.sockets = 200*time.Millisecond, []*net.UDPConn{unread}
	if err := w.probe(t.Context()); err == nil || !strings.Contains(err.Error(), "asking 127.0.0.1:") {
		t.Errorf("nobody reads any more: %v", err)
	}
	ended := make(chan error)
	go func() { ended <- w.probe(t.Context()) }()
	flood := dial(t, d.target().Address)
	defer flood.Close()
	for over := false; !over; {
		select {
		case err := <-ended:
			if over = true; err != nil {
				t.Errorf("a flood keeps the question out, and it is read: %v", err)
			}
		case <-time.After(time.Millisecond):
			if _, err := flood.Write([]byte("junk")); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.answered[0] = false
	if err := w.probe(t.Context()); err != nil {
		t.Errorf("a socket that never answered: %v", err)
	}
}

// probes is a gate.
type probes func(ctx context.Context) error

func (p probes) Probe(ctx context.Context) error { return p(ctx) }

func TestWatchdogOfAGateThatHangs(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	leave := make(chan bool)
	for what, test := range map[string]struct {
		gate probes
		dies bool
	}{
		"hangs":      {func(context.Context) error { <-leave; return nil }, true},
		"store away": {func(context.Context) error { return fmt.Errorf("%w: disk I/O error", access.ErrStore) }, false},
		"store hangs": {func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("%w: it doesn't answer", access.ErrStore)
		}, false},
		"another fault": {func(context.Context) error { return errors.New("panic") }, true},
	} {
		w := d.newWatchdog(500 * time.Millisecond)
		w.gate = test.gate
		if err := w.probe(t.Context()); (err != nil) != test.dies {
			t.Errorf("%s: %v", what, err)
		}
	}
	close(leave)
}

func TestWatchdogOfEveryKindOfAddress(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, strings.Replace(codeClient, `["127.0.0.1:0"]`, `["127.0.0.1:0", "[::]:0", "0.0.0.0:0", "[::1]:0", "127.0.0.9:0"]`, 1))
	w := d.newWatchdog(5 * time.Second)
	if err := w.probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, answered := range w.answered {
		if !answered {
			t.Errorf("%s was not asked", d.sockets[i].LocalAddr())
		}
	}
}

// Errors of a database have more lines than one, and systemd takes lines for
// assignments.
func TestStatusIsOneLine(t *testing.T) {
	t.Parallel()
	if line := oneLine("disk\nWATCHDOG=1\x00\u2028" + strings.Repeat("é", 200)); strings.ContainsAny(line, "\n\x00\u2028") || len(line) > statusError+3 {
		t.Errorf("%q", line)
	}
}

// Without systemd nothing is asked and nothing is said.
func TestWatchdogOnlyWithSystemd(t *testing.T) {
	m := newManager(t)
	d := startDaemon(t, codeClient)
	m.until("READY=1")
	d.feedWatchdog(t.Context()) // returns at once
	m.silent("no watchdog is set", 50*time.Millisecond)
}
