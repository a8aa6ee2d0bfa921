package storetest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"vpn-otpd/store"
)

// An account that was read for a whole batch is what it would be if it were read
// now: updates before it in that batch count, however they changed it.
func testReadAhead(w *world) {
	for _, name := range []string{"alice", "bob"} {
		w.must(w.Update(w.Context(), func(tx *store.Tx) error { _, err := tx.AddAccount(name); return err }))
	}
	before, _, err := w.Account(w.Context(), "alice")
	w.must(err)
	fail := func(tx *store.Tx) error {
		first, _, err := tx.Account("alice")
		again, _, failed := tx.Account("alice")
		if first.Lock.Failures != again.Lock.Failures || first.Epoch != again.Epoch || len(first.Devices) != len(again.Devices) {
			w.Errorf("read ahead: %+v, now: %+v", first, again)
		}
		first.Lock.Failures++
		return errors.Join(err, failed, tx.SetLock("alice", first.Lock))
	}
	const each = 40
	var all sync.WaitGroup
	update := func(user string, apply func(*store.Tx) error) {
		all.Go(func() {
			if err := w.UpdateUser(w.Context(), user, apply); err != nil {
				w.Errorf("an update of %q: %v", user, err)
			}
		})
	}
	gather := func() { // a batch behind what the writers do
		for range 2 {
			update("nobody", func(*store.Tx) error { time.Sleep(30 * time.Millisecond); return nil })
		}
		time.Sleep(10 * time.Millisecond)
	}
	gather()
	for range each {
		update("alice", fail)
		update("bob", fail)
	}
	all.Wait()
	gather()
	for n := range each {
		update("alice", fail)
		update(fmt.Sprint("nobody", n), func(tx *store.Tx) error {
			if _, found, err := tx.Account(fmt.Sprint("nobody", n)); found || err != nil {
				w.Errorf("nobody: %v, %v", found, err)
			}
			return nil
		})
		update("", func(tx *store.Tx) error { return tx.RaiseEpoch("alice") })
	}
	all.Wait()
	gather()
	for n := range each { // who wasn't there when it was read is there
		name := fmt.Sprint("newcomer", n)
		update(name, func(tx *store.Tx) error {
			added, err := tx.AddAccount(name)
			account, found, failed := tx.Account(name)
			if !added || !found || account.Name != name {
				w.Errorf("%s: added %v, found %v, %+v", name, added, found, account)
			}
			return errors.Join(err, failed)
		})
	}
	all.Wait()
	after, _, err := w.Account(w.Context(), "alice")
	w.must(err)
	if after.Lock.Failures != 3*each || after.Epoch != before.Epoch+each {
		w.Errorf("%d failures and %d epochs were kept", after.Lock.Failures, after.Epoch-before.Epoch)
	}
}
