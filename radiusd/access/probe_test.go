package access

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"vpn-otpd/store"
)

// probedStore answers for accounts alone.
type probedStore struct {
	Store
	account func(ctx context.Context, name string) error
}

func (s *probedStore) Account(ctx context.Context, name string) (store.Account, bool, error) {
	return store.Account{}, false, s.account(ctx, name)
}

func TestProbe(t *testing.T) {
	t.Parallel()
	away := errors.New("disk I/O error")
	var failure error
	var asked string
	g := NewGate(&probedStore{account: func(_ context.Context, name string) error { asked = name; return failure }}, nil, DefaultSettings(), Options{})
	if err := g.Probe(t.Context()); err != nil {
		t.Errorf("with a store: %v", err)
	}
	if _, err := DefaultSettings().Names.Canonicalize(asked); err == nil {
		t.Errorf("it asks for %q, which can be a user", asked)
	}
	failure = away
	if err := g.Probe(t.Context()); !errors.Is(err, ErrStore) || !errors.Is(err, away) {
		t.Errorf("without: %v", err)
	}
	if m := g.Metrics(); len(m.Decisions) != 0 || m.Silences != 0 || m.Took.Count != 0 {
		t.Errorf("it counts: %+v", m)
	}
}

// A store that hangs doesn't hold the probe, and isn't asked twice.
func TestProbeOfAStoreThatHangs(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan bool, 2), make(chan bool)
	g := NewGate(&probedStore{account: func(context.Context, string) error { entered <- true; <-leave; return nil }}, nil, DefaultSettings(), Options{})
	probe := func(within time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		return g.Probe(ctx)
	}
	for range 2 {
		if err := probe(20 * time.Millisecond); !errors.Is(err, ErrStore) {
			t.Errorf("says %v", err)
		}
	}
	close(leave)
	for end := time.Now().Add(10 * time.Second); probe(10*time.Second) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the store is never asked again")
		}
	}
	if asked := len(entered); asked != 2 {
		t.Errorf("the store was asked %d times before it answered and after", asked)
	}
}

// A lock that is never released keeps the probe from returning.
func TestProbeTakesTheLocks(t *testing.T) {
	t.Parallel()
	g := NewGate(&probedStore{account: func(context.Context, string) error { return nil }}, nil, DefaultSettings(), Options{})
	for name, lock := range map[string]sync.Locker{
		"throttle": &g.throttle.mutex, "tickets": &g.tickets.sources.mutex, "refusals": &g.refusals.mutex,
	} {
		lock.Lock()
		ended := make(chan error, 1)
		go func() { ended <- g.Probe(t.Context()) }()
		select {
		case err := <-ended:
			t.Errorf("%s is locked and the probe ends with %v", name, err)
		case <-time.After(20 * time.Millisecond):
		}
		lock.Unlock()
		if err := <-ended; err != nil {
			t.Errorf("%s is free again: %v", name, err)
		}
	}
}
