package radiusd_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

// burningGate accepts each code once and outlives a server.
type burningGate struct {
	mutex sync.Mutex
	used  map[string]bool
}

func (b *burningGate) check(_ context.Context, r access.Request) (access.Decision, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	code := string(r.Password)
	if b.used[code] {
		return access.Decision{Verdict: access.Reject, Reason: access.CodeUsed}, nil
	}
	b.used[code] = true
	return access.Decision{Verdict: access.Accept, Reason: access.TOTPAccepted, User: "alice"}, nil
}

func newBurningGate() *burningGate { return &burningGate{used: make(map[string]bool)} }

func TestD1RetransmissionGetsTheSameOctets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.gate.check = newBurningGate().check
	at := w.serve("udp4", "127.0.0.1:0")
	for _, from := range []string{"127.0.0.1", "127.0.0.2"} {
		client := w.dial(from, at)
		request := login(1, "1"+from, testSecret)
		if from == "127.0.0.2" {
			request = unsigned(1, "1"+from, testSecret)
		}
		var first []byte
		for i := range 3 {
			client.send(request)
			octets := client.read(5 * time.Second)
			if octets == nil || verified(t, octets, request, testSecret).Code != radius.CodeAccessAccept {
				t.Fatalf("%s, copy %d: %x", from, i, octets)
			}
			if first == nil {
				first = octets
			} else if !bytes.Equal(first, octets) {
				t.Errorf("%s, copy %d differs", from, i)
			}
		}
		if reply := client.ask(login(2, "1"+from, testSecret)); reply.Code != radius.CodeAccessReject {
			t.Errorf("%s, the code in a new request: %s", from, reply.Code)
		}
		if reply := w.dial(from, at).ask(request); reply.Code != radius.CodeAccessReject {
			t.Errorf("%s, from another port: %s", from, reply.Code)
		}
	}
	if repeated := w.server.Snapshot().Answered["repeated"]; repeated != 4 {
		t.Errorf("%d repeated", repeated)
	}
}

func TestD2OneRejectForManyCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) { o.WithoutRejectDelay = false })
	client := w.client("127.0.0.1")
	request := login(1, "wrong", testSecret)
	for range 5 {
		client.send(request)
	}
	client.reply(request)
	if again := client.read(100 * time.Millisecond); again != nil {
		t.Error("a second reply")
	}
	if dropped := w.server.Snapshot().Dropped["in_flight"]; dropped != 4 || len(w.gate.requests()) != 1 {
		t.Errorf("%d dropped, %d asked", dropped, len(w.gate.requests()))
	}
}

func TestD3AnotherAuthenticatorIsAnotherRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	client := w.client("127.0.0.1")
	if reply := client.ask(login(1, "accept", testSecret)); reply.Code != radius.CodeAccessAccept {
		t.Error(reply.Code)
	}
	if reply := client.ask(login(1, "reject", testSecret)); reply.Code != radius.CodeAccessReject {
		t.Error(reply.Code)
	}
	if status := client.ask(sign(write(12, 1, placeholder), testSecret)); status.Code != radius.CodeAccessAccept {
		t.Error(status.Code)
	}
}

func TestD3NewRequestReplacesTheOneInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	entered, leave := make(chan bool), make(chan bool)
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		if string(r.Password) == "first" {
			entered <- true
			<-leave
			return access.Decision{Verdict: access.Accept}, nil
		}
		return access.Decision{Verdict: access.Challenge, State: "valid"}, nil
	}
	client := w.client("127.0.0.1")
	client.send(login(1, "first", testSecret))
	<-entered
	if reply := client.ask(login(1, "second", testSecret)); reply.Code != radius.CodeAccessChallenge {
		t.Error(reply.Code)
	}
	close(leave)
	if old := client.read(100 * time.Millisecond); old != nil {
		t.Error("the old request was answered too")
	}
	if replaced := w.server.Snapshot().Dropped["replaced"]; replaced != 1 {
		t.Errorf("%d replaced", replaced)
	}
}

func TestD3ReplacedRejectIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) {
		o.WithoutRejectDelay = false
		o.Jitter = func() time.Duration { return 0 }
	})
	client := w.client("127.0.0.1")
	client.send(login(1, "wrong", testSecret))
	w.until("the gate asked", func() bool { return len(w.gate.requests()) == 1 })
	if reply := client.ask(login(1, "accept", testSecret)); reply.Code != radius.CodeAccessAccept {
		t.Error(reply.Code)
	}
	began := time.Now()
	if err := w.server.Shutdown(context.Background()); err != nil || time.Since(began) > 500*time.Millisecond {
		t.Errorf("the reject still waited for its time: %v", err)
	}
	if late := client.read(20 * time.Millisecond); late != nil {
		t.Error("the reject came as well")
	}
}

func TestD3ForgedRequestTouchesNoVerifiedEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.gate.check = newBurningGate().check
	client := w.client("127.0.0.2") // need not sign, but does
	request := login(1, "123456", testSecret)
	client.ask(request)
	client.silent(unsigned(1, "forged", testSecret), "conflict")
	forged := bytes.Clone(request)
	forged[20+7+18] = 81 // no Message-Authenticator, all else the same
	client.silent(forged, "conflict")
	client.silent(login(1, "forged", "another secret"), "message_authenticator_wrong")
	if reply := client.ask(request); reply.Code != radius.CodeAccessAccept {
		t.Errorf("the retransmission got %s", reply.Code)
	}
	// Among unverified requests the new one counts, and a verified one before all.
	client.ask(unsigned(2, "234567", testSecret))
	if reply := client.ask(unsigned(2, "345678", testSecret)); reply.Code != radius.CodeAccessAccept {
		t.Error(reply.Code)
	}
	if reply := client.ask(login(2, "456789", testSecret)); reply.Code != radius.CodeAccessAccept {
		t.Error(reply.Code)
	}
}

func TestD4RememberedFor30Seconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.gate.check = newBurningGate().check
	client := w.client("127.0.0.1")
	request := login(1, "123456", testSecret)
	client.ask(request)
	for _, c := range []struct {
		later time.Duration
		want  radius.Code
	}{{4 * time.Second, radius.CodeAccessAccept}, {25 * time.Second, radius.CodeAccessAccept}, {2 * time.Second, radius.CodeAccessReject}} {
		w.offset.Add(int64(c.later))
		if reply := client.ask(request); reply.Code != c.want {
			t.Errorf("%s later: %s", c.later, reply.Code)
		}
	}
	w.offset.Add(int64(time.Hour))
	client.ask(login(2, "another", testSecret))
	if remembered := w.server.Snapshot().Remembered; remembered != 1 {
		t.Errorf("%d remembered", remembered)
	}
}

func TestD4RequestInFlightIsNotRememberedForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	leave := make(chan bool)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		<-leave
		return access.Decision{Verdict: access.Accept}, nil
	}
	client := w.client("127.0.0.1")
	request := login(1, "x", testSecret)
	client.send(request)
	w.until("the gate is asked", func() bool { return len(w.gate.requests()) == 1 })
	w.offset.Add(int64(31 * time.Second))
	client.send(request)
	w.until("the gate is asked again", func() bool { return len(w.gate.requests()) == 2 })
	close(leave)
	client.reply(request)
	if again := client.read(20 * time.Millisecond); again != nil {
		t.Error("two replies")
	}
}

func TestD5ChallengesAreRepeatedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var made atomic.Int64
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		if r.State == "" {
			return access.Decision{Verdict: access.Challenge, State: fmt.Sprintf("valid-%d", made.Add(1))}, nil
		}
		if made.Add(1) == 2 && r.State == "valid-1" {
			return access.Decision{Verdict: access.Accept}, nil
		}
		return access.Decision{Verdict: access.Reject}, nil
	}
	client := w.client("127.0.0.1")
	first := login(1, "password", testSecret)
	state := client.ask(first).Get(24)
	if again := client.ask(first).Get(24); !bytes.Equal(state, again) {
		t.Errorf("States %q and %q", state, again)
	}
	second := login(2, "123456", testSecret, attribute(24, string(state)))
	for range 2 {
		if reply := client.ask(second); reply.Code != radius.CodeAccessAccept {
			t.Error(reply.Code)
		}
	}
}

func TestD6RestartAcceptsNoSpentCode(t *testing.T) {
	t.Parallel()
	gate := newBurningGate()
	request := login(1, "123456", testSecret)
	first := newWorld(t, nil)
	first.gate.check = func(ctx context.Context, r access.Request) (access.Decision, error) {
		gate.check(ctx, r)
		return access.Decision{}, access.ErrStore // it died before the reply
	}
	first.client("127.0.0.1").silent(request, "store")
	second := newWorld(t, nil)
	second.gate.check = gate.check
	if reply := second.client("127.0.0.1").ask(request); reply.Code != radius.CodeAccessReject {
		t.Error(reply.Code)
	}
}
