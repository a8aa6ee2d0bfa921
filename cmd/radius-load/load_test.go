package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/client"
	"vpn-otpd/radiusd/totp"
)

// A server that remembers takes the steps of a user once, in order, and none that
// is more than one step away.
func TestSchedule(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	s := newSchedule(2, false, func() time.Time { return now })
	current := totp.Step(now, period)
	var got []int64
	for range 6 {
		user, step, _, ok := s.take(t.Context())
		if !ok {
			t.Fatal("no login")
		}
		got = append(got, int64(user), step-current)
	}
	if want := []int64{0, -1, 1, -1, 0, 0, 1, 0, 0, 1, 1, 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, step, _, ok := s.take(ctx); ok {
		t.Errorf("a code of step %+d, which no server takes yet", step-current)
	}
	now = now.Add(10 * time.Minute)
	if _, step, _, ok := s.take(t.Context()); !ok || step != totp.Step(now, period)-1 {
		t.Errorf("later: step %d, %v", step, ok)
	}
	forgetful := newSchedule(1, true, func() time.Time { return now })
	for range 3 {
		if _, step, _, _ := forgetful.take(t.Context()); step != totp.Step(now, period) {
			t.Errorf("reuse: step %d", step)
		}
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	var took []time.Duration
	for n := 1000; n > 0; n-- {
		took = append(took, time.Duration(n))
	}
	if got, want := latencyOf(took), (latency{500, 900, 990, 999, 1000}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := latencyOf([]time.Duration{7}), (latency{7, 7, 7, 7, 7}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if latencyOf(nil) != (latency{}) {
		t.Error("nothing took some time")
	}
}

// stubServer runs a stub on a free port until the test ends.
func stubServer(t *testing.T, answer func([]byte) []byte) string {
	t.Helper()
	conn, err := listenLoopback("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- stub(ctx, conn, answer) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return conn.LocalAddr().String()
}

func runLoad(t *testing.T, arguments ...string) (r report, status int, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), append([]string{"run", "--json", "--for", "300ms", "--in-progress", "8"}, arguments...), &out, &errs)
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
	}
	return r, status, errs.String()
}

func TestRun(t *testing.T) {
	t.Parallel()
	accepting := stubServer(t, func(d []byte) []byte { return accept(d, []byte("a shared secret")) })
	r, status, stderr := runLoad(t, "--server", accepting, "--secret", "a shared secret", "--mode", "code", "--junk", "1000")
	if status != 0 || r.Logins == 0 || r.Refused+r.Unanswered != 0 || r.P50 <= 0 || r.Max < r.P999 || r.Junk == 0 {
		t.Errorf("status %d, %+v, %s", status, r, stderr)
	}
	r, _, _ = runLoad(t, "--server", accepting, "--secret", "a shared secret", "--rate", "50")
	if r.Logins < 5 || r.Logins > 16 { // 15 are due
		t.Errorf("at 50 a second: %d logins in %.2f s", r.Logins, r.Seconds)
	}
	// An accept before the code was asked for is no login in mode challenge.
	r, status, stderr = runLoad(t, "--server", accepting, "--secret", "a shared secret", "--mode", "challenge")
	if status != 1 || r.Logins != 0 || r.Refused == 0 || !strings.Contains(stderr, "no login ended in an accept") {
		t.Errorf("status %d, %+v, %s", status, r, stderr)
	}
	r, status, stderr = runLoad(t, "--server", stubServer(t, func(d []byte) []byte { return d }), "--mode", "echo")
	if status != 0 || r.Logins == 0 {
		t.Errorf("echo: status %d, %+v, %s", status, r, stderr)
	}
}

// The stub's accept is one that the client takes, and only under the secret.
func TestStubAccepts(t *testing.T) {
	t.Parallel()
	address := stubServer(t, func(d []byte) []byte { return accept(d, []byte("a shared secret")) })
	for secret, want := range map[string]error{"a shared secret": nil, "another": client.ErrTimeout} {
		server := client.Server{Address: address, Secret: []byte(secret), Retransmission: client.Retransmission{Total: 200 * time.Millisecond}}
		conn, err := client.Dial(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := (&client.Login{Conn: conn, User: "alice"}).Answer(t.Context(), []byte("x")); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %v", secret, err)
		}
	}
	if conn, err := listenLoopback("0.0.0.0:0"); err == nil {
		conn.Close()
		t.Error("it listens where strangers can ask")
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"--mode none", "--in-progress 0", "--in-progress 5000", "--sockets 0", "--sockets 65", "--for 11m", "--rate -1",
		"--junk 2000000", "--users 0", "--users 4", "--in-progress 200 --sockets 1", "--secret-file missing"} {
		if _, status, stderr := runLoad(t, strings.Fields(wrong)...); status != 1 || stderr == "" {
			t.Errorf("%s: status %d, %q", wrong, status, stderr)
		}
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	print := func(arguments ...string) string {
		var out, errs bytes.Buffer
		if status := run(t.Context(), append([]string{"users", "--users", "3"}, arguments...), &out, &errs); status != 0 {
			t.Fatal(errs.String())
		}
		return out.String()
	}
	lines := strings.Split(strings.TrimSpace(print()), "\n")
	if len(lines) != 4 || lines[0] != "user,secret" || !strings.HasPrefix(lines[3], "load0000002,") {
		t.Errorf("%q", lines)
	}
	first, again := print(), print()
	if first != again || first == print("--seed", "another") {
		t.Error("the users don't go by the seed")
	}
	secret := strings.TrimPrefix(lines[1], "load0000000,")
	if free := print("--format", "freeradius"); !strings.Contains(free, `load0000000 TOTP-Secret := "`+secret+`", Cleartext-Password := "`) {
		t.Errorf("%s", free)
	}
}
