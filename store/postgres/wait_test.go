package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vpn-otpd/store"
)

// Two nodes whose shared transactions take the same users in other orders don't
// wait for each other for ever, and nobody is refused for it.
func TestOtherOrders(t *testing.T) {
	t.Parallel()
	stores := nodes(t, server(t).Database(t), 2)
	const users = 8
	for n := range users {
		device(t, stores[0], fmt.Sprint("user", n))
	}
	began := time.Now()
	var all sync.WaitGroup
	const callers = 160
	for n := range callers {
		user := n % users
		if n%2 == 1 {
			user = users - 1 - user
		}
		all.Go(func() {
			err := stores[n%2].Update(t.Context(), func(tx *store.Tx) error {
				_, _, err := tx.Account(fmt.Sprint("user", user))
				return errors.Join(err, tx.RaiseEpoch(fmt.Sprint("user", user)), tx.Audit(store.Record{Event: "x"}))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	wholeChains(t, stores[0], map[string]int64{"node0": callers / 2, "node1": callers / 2})
}

// Updates that take several users in other orders are a deadlock: the database
// ends one of them, which is tried again.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	stores := nodes(t, server(t).Database(t), 2)
	device(t, stores[0], "a")
	device(t, stores[0], "b")
	var met sync.WaitGroup
	met.Add(2)
	var all sync.WaitGroup
	for n, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		all.Go(func() {
			first := true
			err := stores[n].Update(t.Context(), func(tx *store.Tx) error {
				_, _, err := tx.Account(order[0])
				if first {
					first = false
					met.Done()
					met.Wait()
				}
				_, _, failed := tx.Account(order[1])
				return errors.Join(err, failed)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// Somebody who holds a user's row in the stock tool costs that user's logins
// errors after two seconds, and nobody else's.
func TestHeldByHand(t *testing.T) {
	t.Parallel()
	url := server(t).Database(t)
	s := openNode(t, url, "node1")
	device(t, s, "alice")
	device(t, s, "bob")
	holder, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close(context.Background())
	if _, err := holder.Exec(t.Context(), `BEGIN; UPDATE users SET epoch = epoch WHERE name = 'alice'`); err != nil {
		t.Fatal(err)
	}
	look := func(name string) error {
		return s.UpdateUser(t.Context(), name, func(tx *store.Tx) error { _, _, err := tx.Account(name); return err })
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			began := time.Now()
			if err := look("alice"); err == nil || time.Since(began) > 5*time.Second {
				t.Errorf("alice: %v after %v", err, time.Since(began))
			}
		})
	}
	for range 50 {
		all.Go(func() {
			if err := look("bob"); err != nil {
				t.Errorf("bob: %v", err)
			}
		})
	}
	all.Wait()
	if _, err := holder.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if err := look("alice"); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// What a transaction has locked others wait for: it takes no more updates in when
// it has taken long, and the rest gets the next one.
func TestLongBatch(t *testing.T) {
	t.Parallel()
	s := openNode(t, server(t).Database(t), "node")
	hold := func(long time.Duration) func() error {
		return func() error {
			return s.Update(t.Context(), func(*store.Tx) error { time.Sleep(long); return nil })
		}
	}
	const updates = 4
	var all sync.WaitGroup
	for n := range nearWriters + updates {
		all.Go(func() {
			if n >= nearWriters { // until all writers are at work
				time.Sleep(100 * time.Millisecond)
			}
			if err := hold(Dialect().Deadline / 6)(); err != nil {
				t.Error(err)
			}
		})
	}
	before := s.Metrics().Commits.Count
	all.Wait()
	if n := s.Metrics().Commits.Count - before; n != nearWriters+updates {
		t.Errorf("%d updates were kept by %d commits", nearWriters+updates, n)
	}
}
