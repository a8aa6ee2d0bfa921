package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"vpn-otpd/store"
)

var errOnPurpose = errors.New("on purpose")

func testAllOrNothing(w *world) {
	err := w.Update(w.Context(), func(tx *store.Tx) error {
		_, err := tx.AddAccount("alice")
		return errors.Join(err, tx.Audit(store.Record{Event: "user_added"}), errOnPurpose)
	})
	if !errors.Is(err, errOnPurpose) {
		w.Errorf("the error is %v", err)
	}
	_, found, err := w.Account(w.Context(), "alice")
	w.must(err)
	w.want(found, false, "what a failed update did")
	records, _, err := w.Log(w.Context(), store.LogQuery{Limit: 10})
	w.must(err)
	w.want(len(records) == 0, true, "no record of it")
}

// In updates that share a transaction, one that fails fails alone.
func testFaultsAreTheirOwn(w *world) {
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			name := fmt.Sprint("user", n)
			err := w.Update(w.Context(), func(tx *store.Tx) error {
				if _, err := tx.AddAccount(name); err != nil {
					return err
				}
				if err := tx.Audit(store.Record{Event: "user_added", User: name}); err != nil {
					return err
				}
				if n%7 == 0 {
					return errOnPurpose
				}
				return nil
			})
			if errors.Is(err, errOnPurpose) != (n%7 == 0) || err != nil && n%7 != 0 {
				w.Errorf("user %d: %v", n, err)
			}
		})
	}
	all.Wait()
	counts, err := w.Count(w.Context())
	w.must(err)
	if counts.Users != 200-29 {
		w.Errorf("%d users", counts.Users)
	}
	w.want(w.broken() == 0, true, "the audit chain holds")
}

func testPanic(w *world) {
	err := w.Update(w.Context(), func(tx *store.Tx) error {
		if _, err := tx.AddAccount("alice"); err != nil {
			return err
		}
		panic("on purpose")
	})
	if err == nil || !strings.Contains(err.Error(), "on purpose") {
		w.Errorf("the error is %v", err)
	}
	w.want(w.does(func(tx *store.Tx) (bool, error) { return tx.AddAccount("alice") }), true, "adding after a panic")
}

// A statement that failed may have ended the transaction: an update that goes on
// as if nothing were is neither kept nor said to be, and its neighbours are.
func testSwallowedFault(w *world) {
	w.update(func(tx *store.Tx) error { _, err := tx.AddAccount("alice"); return err })
	before := w.account("alice").Epoch
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			err := w.Update(w.Context(), func(tx *store.Tx) error {
				_, err := tx.AddAccount(fmt.Sprint("user", n))
				if n%5 == 0 {
					tx.SetPolicy("alice", "never", "", time.Time{}) // refused by the database
					tx.RaiseEpoch("alice")
				}
				return err
			})
			if (err != nil) != (n%5 == 0) {
				w.Errorf("user %d: %v", n, err)
			}
		})
	}
	all.Wait()
	counts, err := w.Count(w.Context())
	w.must(err)
	if counts.Users != 41 || w.account("alice").Epoch != before {
		w.Errorf("%d users, epoch %d after %d", counts.Users, w.account("alice").Epoch, before)
	}
}

func testCancelled(w *world) {
	ctx, cancel := context.WithCancel(w.Context())
	cancel()
	ran := false
	err := w.Update(ctx, func(*store.Tx) error { ran = true; return nil })
	if !errors.Is(err, context.Canceled) || ran {
		w.Errorf("cancelled before it began: %v, ran: %v", err, ran)
	}
	// Going away in the middle ends nobody's transaction.
	ctx, cancel = context.WithCancel(w.Context())
	w.must(w.Update(ctx, func(tx *store.Tx) error {
		cancel()
		_, err := tx.AddAccount("alice")
		return err
	}))
	w.account("alice")
}

func testClosed(w *world) {
	var all sync.WaitGroup
	var mutex sync.Mutex
	done := make(map[string]bool)
	for n := range 100 {
		all.Go(func() {
			name := fmt.Sprint("user", n)
			err := w.Update(w.Context(), func(tx *store.Tx) error { _, err := tx.AddAccount(name); return err })
			if err != nil && !errors.Is(err, store.ErrClosed) {
				w.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			done[name] = err == nil
		})
	}
	time.Sleep(time.Millisecond)
	w.must(w.Store.Close())
	all.Wait()
	if err := w.Update(w.Context(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		w.Errorf("after closing: %v", err)
	}
	w.open()
	for name, kept := range done {
		_, found, err := w.Account(w.Context(), name)
		w.must(err)
		if found != kept {
			w.Errorf("%s: said to be kept: %v, found: %v", name, kept, found)
		}
	}
}

func testPrune(w *world) {
	w.enroll("alice", secret)
	w.update(func(tx *store.Tx) error {
		soon := tx.Now().Add(time.Minute)
		return errors.Join(tx.AddState(store.State{ID: []byte("id"), ExpiresAt: soon}), tx.AddVerdict([]byte("mac"), "x", soon), tx.AddTemporaryCode("alice", store.TemporaryCode{MAC: []byte("mac"), Uses: 1, ExpiresAt: soon}))
	})
	state := func(tx *store.Tx) (bool, error) { _, found, err := tx.State([]byte("id")); return found, err }
	w.clock.Add(59 * time.Second)
	w.must(w.Prune(w.Context()))
	w.want(w.does(state), true, "a State that lives")
	w.clock.Add(time.Second)
	w.must(w.Prune(w.Context()))
	w.want(w.does(state), false, "an expired State")
}
