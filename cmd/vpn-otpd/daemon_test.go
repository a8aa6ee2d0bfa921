package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/client"
	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
)

const testSecret = "a shared secret for tests"

var testKey = totp.Key{Secret: []byte("12345678901234567890"), Algorithm: "SHA1", Digits: 6, Period: 30}

// running is a daemon inside this process.
type running struct {
	*server
	folder string
	stop   func() error // as SIGTERM does; returns when it has ended
}

// startDaemon runs the whole daemon until the test ends, or until it is stopped.
func startDaemon(t testing.TB, configuration string) *running {
	t.Helper()
	d, err := tryDaemon(t, t.TempDir(), configuration)
	if err != nil {
		t.Fatalf("starting: %v", err)
	}
	return d
}

// tryDaemon starts it in a folder, where an earlier one may have left its store.
func tryDaemon(t testing.TB, folder, configuration string) (*running, error) {
	t.Helper()
	path := filepath.Join(folder, "vpn-otpd.toml")
	configuration = `require_two_factor = true
two_factor_methods = ["totp"]
` + configuration + `
[admin]
socket = "admin.sock"
`
	if !strings.Contains(configuration, "[store]") {
		configuration += "[store]\npath = \"vpn-otpd.sqlite\"\nkey_file = \"key/store.key\"\n"
	}
	if err := os.WriteFile(path, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	config, _, err := loadConfig(path, testEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan error, 1)
	d := &server{path: path, level: new(slog.LevelVar), logger: slog.New(slog.DiscardHandler), started: time.Now()}
	d.onReady = func() error { close(ready); return nil }
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- d.run(ctx, config) }()
	stop := sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	select {
	case <-ready:
	case err := <-ended:
		cancel()
		return nil, err
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
	return &running{server: d, folder: folder, stop: stop}, nil
}

const codeClient = `
[radius]
listen = ["127.0.0.1:0"]
[[radius.client]]
name = "nas"
networks = ["127.0.0.1/32"]
secret = "` + testSecret + `"
mode = "code"
`

// enroll adds a user whose device has the test's key.
func (d *running) enroll(t testing.TB, name string) {
	t.Helper()
	actor := store.Actor{Name: "test"}
	if _, err := d.accounts.AddUser(t.Context(), actor, name, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := d.accounts.AddDevice(t.Context(), actor, name, access.NewDevice{Secret: totp.FormatSecret(testKey.Secret)}); err != nil {
		t.Fatal(err)
	}
}

func (d *running) target() client.Server {
	return client.Server{Address: d.sockets[0].LocalAddr().String(), Secret: []byte(testSecret)}
}

func codeNow(t testing.TB) string {
	t.Helper()
	code, err := totp.Code(testKey, totp.Step(time.Now(), testKey.Period))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func loginRequest(user, code string) client.Request {
	return client.Request{
		Code: radius.CodeAccessRequest, Password: []byte(code),
		Attributes: radius.Attributes{{Type: rfc2865.UserName_Type, Attribute: radius.Attribute(user)}},
	}
}

// The accepted datagram, sent three times from one port, gets the same octets
// three times; a new datagram with its code is refused.
func TestAcceptedDatagramThreeTimes(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	d.enroll(t, "alice")
	request := loginRequest("alice", codeNow(t))
	lost := &losing{Conn: dial(t, d.target().Address), replies: 2}
	conn := client.NewConn(lost, d.target())
	defer conn.Close()
	reply, err := conn.Exchange(t.Context(), request)
	if err != nil || reply.Code != radius.CodeAccessAccept {
		t.Fatalf("%+v, %v", reply, err)
	}
	if len(lost.seen) != 3 || !bytes.Equal(lost.seen[0], lost.seen[1]) || !bytes.Equal(lost.seen[1], lost.seen[2]) {
		t.Errorf("three sendings got %x", lost.seen)
	}
	again, err := client.Exchange(t.Context(), d.target(), request)
	if err != nil || again.Code != radius.CodeAccessReject {
		t.Errorf("a new datagram with the used code: %+v, %v", again, err)
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// losing is a network that loses the first replies.
type losing struct {
	net.Conn
	replies int
	seen    [][]byte // by one reader
}

func (l *losing) Read(p []byte) (int, error) {
	for {
		n, err := l.Conn.Read(p)
		if err != nil {
			return n, err
		}
		l.seen = append(l.seen, bytes.Clone(p[:n]))
		if len(l.seen) > l.replies {
			return n, nil
		}
	}
}

// 64 requests with one code at once, each a datagram of its own: one accept,
// 200 times.
func TestParallelDatagramsWithOneCode(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute, of which the rejects' delay is most")
	}
	t.Parallel()
	d := startDaemon(t, codeClient)
	const rounds, abreast = 200, 10
	limit := make(chan struct{}, abreast)
	var all sync.WaitGroup
	for round := range rounds {
		user := fmt.Sprint("user", round)
		d.enroll(t, user)
		limit <- struct{}{}
		all.Go(func() {
			defer func() { <-limit }()
			if accepted := race(t, d.target(), user, codeNow(t), 64); accepted != 1 {
				t.Errorf("round %d: %d accepts", round, accepted)
			}
		})
	}
	all.Wait()
}

// race sends one code many times at once and counts the accepts.
func race(t *testing.T, target client.Server, user, code string, requests int) int32 {
	conn, err := client.Dial(t.Context(), target)
	if err != nil {
		t.Error(err)
		return -1
	}
	defer conn.Close()
	var accepted atomic.Int32
	var all sync.WaitGroup
	for range requests {
		all.Go(func() {
			reply, err := conn.Exchange(t.Context(), loginRequest(user, code))
			if err != nil {
				t.Error(err)
			} else if reply.Code == radius.CodeAccessAccept {
				accepted.Add(1)
			}
		})
	}
	all.Wait()
	return accepted.Load()
}
