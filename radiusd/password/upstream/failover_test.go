package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
)

// A server that doesn't answer is passed over for its dead time; then one login
// finds out, and it is asked again.
func TestDeadTime(t *testing.T) {
	t.Parallel()
	first, second := newFake(t, nil), newFake(t, says(accept()))
	clock := &clock{}
	u := newUpstream(t, Options{DeadTime: time.Minute, Now: clock.now, Timeout: fast}, first, second)
	verify := func(when string, wantFirst, wantSecond int) {
		t.Helper()
		before, beforeSecond := len(first.requests()), len(second.requests())
		if _, err := u.Verify(t.Context(), alice()); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		if n, m := len(first.requests())-before, len(second.requests())-beforeSecond; n != wantFirst || m != wantSecond {
			t.Errorf("%s: the first was asked %d times, the second %d", when, n, m)
		}
	}
	verify("at first", 2, 1)
	if s := u.States()[0]; s.DeadUntil.IsZero() || s.Timeouts != 1 {
		t.Errorf("%+v", s)
	}
	verify("dead", 0, 1)
	clock.forward(59 * time.Second)
	verify("still dead", 0, 1)
	clock.forward(2 * time.Second)
	verify("found dead again", 2, 1)
	verify("dead again", 0, 1)
	clock.forward(61 * time.Second)
	first.set(says(accept()))
	verify("alive", 1, 0)
	verify("and from then on", 1, 0)
	if s := u.States()[0]; !s.DeadUntil.IsZero() || s.Accepts != 2 || s.Timeouts != 2 {
		t.Errorf("%+v", s)
	}
}

// While one login finds out whether a server lives, the others pass it over.
func TestOneFindsOut(t *testing.T) {
	t.Parallel()
	first, second := newFake(t, nil), newFake(t, says(accept()))
	clock := &clock{}
	u := newUpstream(t, Options{Now: clock.now, DeadTime: time.Minute, Timeout: fast}, first, second)
	if _, err := u.Verify(t.Context(), alice()); err != nil {
		t.Fatal(err)
	}
	clock.forward(2 * time.Minute)
	before := len(first.requests())
	var logins sync.WaitGroup
	for range 20 {
		logins.Go(func() {
			if _, err := u.Verify(t.Context(), alice()); err != nil {
				t.Error(err)
			}
		})
	}
	logins.Wait()
	if n := len(first.requests()) - before; n != 2 {
		t.Errorf("the dead server was asked %d times: one login sends 2", n)
	}
}

// Where all are dead, all are asked: a login isn't refused for their past.
func TestAllDead(t *testing.T) {
	t.Parallel()
	first, second := newFake(t, nil), newFake(t, nil)
	u := newUpstream(t, Options{Timeout: fast}, first, second)
	if _, err := u.Verify(t.Context(), alice()); !errors.Is(err, access.ErrBackend) {
		t.Fatal(err)
	}
	for i, s := range u.States() {
		if open := len(u.servers[i].sockets.open); s.DeadUntil.IsZero() || open > 0 {
			t.Errorf("%+v, %d sockets are kept", s, open)
		}
	}
	second.set(says(accept()))
	if _, err := u.Verify(t.Context(), alice()); err != nil {
		t.Errorf("the second lives again: %v", err)
	}
	if s := u.States()[1]; !s.DeadUntil.IsZero() {
		t.Errorf("%+v", s)
	}
	second.set(nil)
	if _, err := u.Verify(t.Context(), alice()); !errors.Is(err, access.ErrBackend) {
		t.Fatal(err)
	}
	second.set(says(accept()))
	asked := len(first.requests())
	if _, err := u.Verify(t.Context(), alice()); err != nil || len(first.requests()) != asked {
		t.Errorf("the one that never answered is asked before the one that did: %v", err)
	}
}

// A Reject and a Challenge are answers: the next server isn't asked.
func TestNoFailoverAfterAnAnswer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]reply{
		"reject":    reject(),
		"challenge": challenge("state"),
		"too much":  accept(large(9)...),
	} {
		first, second := newFake(t, says(answer)), newFake(t, says(accept()))
		u := newUpstream(t, Options{}, first, second)
		if _, err := u.Verify(t.Context(), alice()); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if n := len(second.requests()); n != 0 {
			t.Errorf("%s: the second server was asked %d times", name, n)
		}
	}
}

// A server that answers others isn't dead for one question that it leaves open:
// a user could have it passed over.
func TestOneQuestionLeftOpen(t *testing.T) {
	t.Parallel()
	server := newFake(t, func(request *radius.Packet) []reply {
		if string(request.Get(1)) == "mallory" {
			return nil
		}
		return []reply{accept()}
	})
	var log bytes.Buffer
	u := newUpstream(t, Options{Timeout: 150 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))}, server)
	done := make(chan error)
	go func() {
		_, err := u.Verify(context.WithoutCancel(t.Context()), access.Question{Name: "mallory", Password: []byte("x")})
		done <- err
	}()
	for open := true; open; {
		select {
		case err := <-done:
			if open = false; !errors.Is(err, access.ErrBackend) {
				t.Error(err)
			}
		default:
			if _, err := u.Verify(t.Context(), alice()); err != nil {
				t.Error(err)
			}
		}
	}
	// An answer in between could have brought it back.
	if s := u.States()[0]; !s.DeadUntil.IsZero() || s.Timeouts != 1 || log.Len() > 0 {
		t.Errorf("%+v\n%s", s, &log)
	}
}

// With little time left the next server isn't asked: nobody would wait for it.
func TestTooLateForAnother(t *testing.T) {
	t.Parallel()
	first, second := newFake(t, nil), newFake(t, nil)
	u := newUpstream(t, Options{Timeout: 150 * time.Millisecond}, first, second)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond+leastWait/2)
	defer cancel()
	if _, err := u.Verify(ctx, alice()); !errors.Is(err, access.ErrBackend) {
		t.Error(err)
	}
	if n, m := len(first.requests()), len(second.requests()); n != 2 || m != 0 {
		t.Errorf("asked %d and %d times", n, m)
	}
}

// A name that leads nowhere is a dead server; the next one answers.
func TestNoSuchHost(t *testing.T) {
	t.Parallel()
	server := newFake(t, says(accept()))
	u := newUpstream(t, Options{Servers: []Server{{Address: "127.0.0.1:no-such-service", Secret: secret}}}, server)
	for range 2 {
		if _, err := u.Verify(t.Context(), alice()); err != nil {
			t.Error(err)
		}
	}
	if s := u.States()[0]; s.DeadUntil.IsZero() || s.Failed != 1 {
		t.Errorf("%+v", s)
	}
}

// More questions at once than one socket has identifiers are spread; beyond the
// bound it says so at once.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	server := newFake(t, nil)
	slow := accept()
	server.set(func(request *radius.Packet) []reply {
		own := slow
		own.attributes = radius.Attributes{text(1, string(request.Get(1)))}
		own.after = 300 * time.Millisecond
		return []reply{own}
	})
	u := newUpstream(t, Options{Timeout: 5 * time.Second}, server)
	var logins sync.WaitGroup
	for i := range 600 {
		logins.Go(func() {
			name := fmt.Sprintf("user%d", i)
			identity, err := u.Verify(t.Context(), access.Question{Name: name, Password: []byte("x")})
			if err != nil || identity.Name != name {
				t.Errorf("%s: %v, %v", name, identity, err)
			}
		})
	}
	logins.Wait()
	if n := len(u.servers[0].sockets.open); n < 3 || n > maxSockets {
		t.Errorf("%d sockets", n)
	}
	for _, s := range u.servers[0].sockets.open {
		s.load = maxLoad
	}
	for len(u.servers[0].sockets.open) < maxSockets {
		s, err := u.servers[0].sockets.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.load = maxLoad
	}
	if _, err := u.Verify(t.Context(), alice()); !errors.Is(err, access.ErrBusy) {
		t.Errorf("with all taken: %v", err)
	}
	if s := u.States()[0]; !s.DeadUntil.IsZero() || s.Busy != 1 {
		t.Errorf("%+v", s)
	}
}

// After Close nothing is sent.
func TestClose(t *testing.T) {
	t.Parallel()
	server := newFake(t, nil)
	u := newUpstream(t, Options{Timeout: 5 * time.Second}, server)
	done := make(chan error)
	go func() {
		_, err := u.Verify(context.WithoutCancel(t.Context()), alice())
		done <- err
	}()
	for len(server.requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := u.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, access.ErrBackend) {
		t.Errorf("under way: %v", err)
	}
	if _, err := u.Verify(t.Context(), alice()); !errors.Is(err, access.ErrBackend) {
		t.Errorf("afterwards: %v", err)
	}
	if n := len(server.requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}
