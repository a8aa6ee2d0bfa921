package access_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

func (w *world) from(station, user, typed string) access.Decision {
	w.Helper()
	return w.check(access.Request{Client: challenge(), UserName: user, Password: []byte(typed), CallingStation: station})
}

func TestThrottleByNameAndSource(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for n := range 5 {
		w.want(w.from("192.0.2.1", "alice", fmt.Sprint("wrong", n)), access.Reject, access.PasswordWrong)
	}
	calls := w.first.calls
	w.want(w.from("192.0.2.1[4711]", "alice", password), access.Reject, access.Throttled)
	if w.first.calls != calls {
		t.Error("the backend was asked while the name was throttled")
	}
	w.want(w.from("192.0.2.1", "bob", password), access.Reject, access.EnrollmentRequired) // another name
	w.want(w.from("192.0.2.2", "alice", password), access.Challenge, access.CodeNeeded)    // another source
	w.want(w.ask(challenge(), "alice", password), access.Challenge, access.CodeNeeded)     // none
	w.clock.Add(time.Minute)
	w.want(w.from("192.0.2.1", "alice", password), access.Challenge, access.CodeNeeded)
	w.want(w.from("192.0.2.1", "alice", "wrong again"), access.Reject, access.PasswordWrong)
	w.clock.Add(time.Minute)
	w.want(w.from("192.0.2.1", "alice", password), access.Reject, access.Throttled) // two minutes now
	w.clock.Add(time.Minute)
	w.want(w.from("192.0.2.1", "alice", password), access.Challenge, access.CodeNeeded)
}

func TestThrottleByNetwork(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for n := range 50 {
		w.from(fmt.Sprintf("192.0.2.%d:1234", n), fmt.Sprint("guess", n), "wrong")
	}
	w.want(w.from("192.0.2.200", "alice", password), access.Reject, access.Throttled)
	w.want(w.from("192.0.3.200", "alice", password), access.Challenge, access.CodeNeeded)
}

// What a client repeats is one failure.
func TestThrottleCountsARepeatedFieldOnce(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for range 20 {
		w.want(w.from("192.0.2.1", "alice", "wrong"), access.Reject, access.PasswordWrong)
	}
}

// A burst asks the backend no more often than the failures allow.
func TestThrottleHoldsInABurst(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	var all sync.WaitGroup
	for n := range 100 {
		all.Go(func() { w.from("192.0.2.1", "alice", fmt.Sprint("wrong", n)) })
	}
	all.Wait()
	if w.first.calls != 5 {
		t.Errorf("the backend was asked %d times, want 5", w.first.calls)
	}
}

// Nothing is answered when the first factor or the store can't be asked.
func TestFaultsAreSilence(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	ask := func() error {
		_, err := w.gate.Check(t.Context(), access.Request{Client: challenge(), UserName: "alice", Password: []byte(password)})
		return err
	}
	for _, test := range []struct{ fault, want error }{
		{errors.New("connection refused"), access.ErrBackend},
		{fmt.Errorf("bind: %w", access.ErrBackend), access.ErrBackend},
		{context.DeadlineExceeded, access.ErrBackend},
		{access.ErrBusy, access.ErrBusy},
		{access.ErrStore, access.ErrStore},
	} {
		w.first.err = test.fault
		if err := ask(); !errors.Is(err, test.want) {
			t.Errorf("%v: got %v, want %v", test.fault, err, test.want)
		}
	}
	w.first.err = nil
	state := w.challenged(challenge(), "alice")
	w.must(w.store.Close())
	if err := ask(); !errors.Is(err, access.ErrStore) {
		t.Errorf("store closed: %v", err)
	}
	for _, r := range []access.Request{
		{Client: challenge(), UserName: "alice", State: state, Password: []byte(w.code(0))},
		{Client: codeOnly(), UserName: "alice", Password: []byte(w.code(0))},
		{Client: challenge(), UserName: "\x00", Password: []byte("x")},
	} {
		if d, err := w.gate.Check(t.Context(), r); !errors.Is(err, access.ErrStore) || !reflect.DeepEqual(d, access.Decision{}) {
			t.Errorf("store closed: %+v, %v", d, err)
		}
	}
}

// A backend that panics takes no try of the name with it.
func TestPanickingBackendEndsItsTry(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for range 20 {
		func() {
			defer func() { recover() }()
			w.first.panics = true
			w.gate.Check(t.Context(), access.Request{Client: challenge(), UserName: "alice", Password: []byte(password)})
		}()
	}
	w.first.panics = false
	w.challenged(challenge(), "alice")
}
