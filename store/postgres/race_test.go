package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vpn-otpd/store"
	"vpn-otpd/store/storetest"
)

func addUser(s *store.Store, name string) error {
	return s.Update(context.Background(), func(tx *store.Tx) error { _, err := tx.AddAccount(name); return err })
}

func settingOf(t *testing.T, config *pgx.ConnConfig, prepare func(context.Context, *pgx.Conn) error, setting string) (value string) {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := errors.Join(prepare(t.Context(), conn), conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&value)); err != nil {
		t.Fatal(err)
	}
	return value
}

// nodes are several stores on one database, each as a daemon of its own has it.
func nodes(t testing.TB, url string, count int) (stores []*store.Store) {
	t.Helper()
	for n := range count {
		stores = append(stores, openNode(t, url, fmt.Sprint("node", n)))
	}
	return stores
}

// device is the one of a new user.
func device(t testing.TB, s *store.Store, user string) (added store.Device) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.AddAccount(user); err != nil {
			return err
		}
		var err error
		added, err = tx.AddDevice(store.Device{User: user, Label: "phone", Algorithm: "SHA1", Digits: 6, Period: 30}, []byte("12345678901234567890"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// Of 64 who come with one code at two nodes one gets through, each with its
// record in the chain of its node.
func TestOneCodeAtTwoNodes(t *testing.T) {
	t.Parallel()
	stores := nodes(t, server(t).Database(t), 2)
	const rounds, callers = 60, 64
	d := device(t, stores[0], "alice")
	for step := range int64(rounds) {
		var won atomic.Int32
		var all sync.WaitGroup
		for n := range callers {
			all.Go(func() {
				mine := false
				err := stores[n%2].Update(t.Context(), func(tx *store.Tx) error {
					_, _, err := tx.Account("alice")
					burnt, burning := tx.BurnStep(d, step+1, nil)
					mine = burnt
					return errors.Join(err, burning, tx.Audit(store.Record{Event: "login", User: "alice"}))
				})
				if err != nil {
					t.Error(err)
				} else if mine {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("step %d was taken by %d", step, won.Load())
		}
	}
	wholeChains(t, stores[0], map[string]int64{"node0": rounds * callers / 2, "node1": rounds * callers / 2})
}

// wholeChains checks that each node's chain holds and is so long.
func wholeChains(t *testing.T, s *store.Store, want map[string]int64) {
	t.Helper()
	chains, err := s.VerifyAudit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, chain := range chains {
		if chain.Broken != 0 || chain.Last != want[chain.Node] {
			t.Errorf("%+v, want %d records", chain, want[chain.Node])
		}
	}
	if len(chains) != len(want) {
		t.Errorf("%d chains, want %d", len(chains), len(want))
	}
}

// What is read of an account and then written is nobody else's meanwhile: of
// failures counted at two nodes none is lost.
func TestReadThenWrite(t *testing.T) {
	t.Parallel()
	stores := nodes(t, server(t).Database(t), 2)
	names := make([]string, 40) // more than are read at once
	for n := range names {
		names[n] = fmt.Sprint("user", n*7%len(names))
		device(t, stores[0], names[n])
	}
	const failures = 320
	var all sync.WaitGroup
	for n := range failures {
		all.Go(func() {
			name, hint := names[n%len(names)], ""
			if n%12 < 11 { // most are read ahead
				hint = name
			}
			err := stores[n%2].UpdateUser(t.Context(), hint, func(tx *store.Tx) error {
				account, _, err := tx.Account(name)
				account.Lock.Failures++
				return errors.Join(err, tx.SetLock(name, account.Lock))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, name := range names {
		if account, _, err := stores[0].Account(t.Context(), name); err != nil || account.Lock.Failures != failures/len(names) {
			t.Errorf("%s: counted %d of %d, %v", name, account.Lock.Failures, failures/len(names), err)
		}
	}
}

// Two daemons that were given one name go on with one chain by turns.
func TestOneNameTwice(t *testing.T) {
	t.Parallel()
	url := server(t).Database(t)
	stores := []*store.Store{openNode(t, url, "node"), openNode(t, url, "node")}
	const records = 60
	var all sync.WaitGroup
	var kept atomic.Int64
	for n := range records {
		all.Go(func() {
			if err := stores[n%2].Update(t.Context(), func(tx *store.Tx) error { return tx.Audit(store.Record{Event: "x"}) }); err == nil {
				kept.Add(1)
			}
		})
	}
	all.Wait()
	if kept.Load() < records/2 {
		t.Errorf("%d of %d were kept", kept.Load(), records)
	}
	wholeChains(t, stores[0], map[string]int64{"node": kept.Load()})
}

// Nodes that start at once on an empty database make one schema and one root.
func TestOpenedAtOnce(t *testing.T) {
	t.Parallel()
	url := server(t).Database(t)
	macs := make([]string, 6)
	var all sync.WaitGroup
	for n := range macs {
		all.Go(func() {
			s, err := Open(t.Context(), url, store.Keys{storetest.Key(1)}, store.Options{Node: fmt.Sprint(n)})
			if err != nil {
				t.Error(err)
				return
			}
			macs[n] = string(s.MAC(store.PurposeCode, []byte("x")))
			s.Close()
		})
	}
	all.Wait()
	for _, mac := range macs {
		if mac != macs[0] {
			t.Error("the nodes have different keys")
		}
	}
}

// Nodes that prune one chain at once leave one that holds.
func TestPrunedAtOnce(t *testing.T) {
	t.Parallel()
	stores := nodes(t, server(t).Database(t), 3)
	err := stores[0].Update(t.Context(), func(tx *store.Tx) (err error) {
		for range 2500 {
			err = errors.Join(err, tx.Audit(store.Record{Event: "x"}))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var pruned atomic.Int64
	for n, s := range stores {
		all.Go(func() {
			done, err := s.PruneAudit(t.Context(), time.Now().Add(time.Duration(n)*time.Minute))
			if err != nil {
				t.Error(err)
			}
			pruned.Add(done)
		})
	}
	all.Wait()
	if pruned.Load() != 2500 {
		t.Errorf("pruned %d", pruned.Load())
	}
	wholeChains(t, stores[0], map[string]int64{"node0": 2500})
}

// Of two nodes that have read one beginning of a chain the slower one doesn't put
// it back to where the other one has pruned already.
func TestPrunedByASlowerNode(t *testing.T) {
	t.Parallel()
	url := server(t).Database(t)
	clock := storetest.NewClock()
	s, err := Open(t.Context(), url, store.Keys{storetest.Key(1)}, store.Options{Node: "node", Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 4 {
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.Audit(store.Record{Event: "x"}) }); err != nil {
			t.Fatal(err)
		}
		clock.Add(time.Hour)
	}
	ago := func(hours int) time.Time { return clock.Now().Add(-time.Duration(hours) * time.Hour).Add(time.Minute) }
	if pruned, err := s.PruneAudit(t.Context(), ago(4)); err != nil || pruned != 1 {
		t.Fatalf("pruned %d, %v", pruned, err)
	}
	holder, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close(context.Background())
	if _, err := holder.Exec(t.Context(), `BEGIN; SELECT * FROM audit_anchors FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for waiting, before := range []time.Time{ago(2), ago(3)} {
		all.Go(func() {
			if _, err := s.PruneAudit(t.Context(), before); err != nil {
				t.Error(err)
			}
		})
		waitForLocks(t, url, waiting+1)
	}
	if _, err := holder.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	wholeChains(t, s, map[string]int64{"node": 4})
}

// waitForLocks waits until so many transactions wait for others.
func waitForLocks(t *testing.T, url string, count int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var waiting int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d wait for locks, not %d: %v", waiting, count, err)
		}
		if waiting == count {
			return
		}
	}
}

// A notice goes to one of all nodes.
func TestOutboxOfTwoNodes(t *testing.T) {
	t.Parallel()
	stores := nodes(t, server(t).Database(t), 2)
	const notices = 60
	err := stores[0].Update(t.Context(), func(tx *store.Tx) (err error) {
		for n := range notices {
			err = errors.Join(err, tx.AddNotice(store.Notice{User: fmt.Sprint("user", n)}))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	seen := make(map[string]int)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for {
				claimed, err := stores[n%2].ClaimNotices(t.Context(), time.Minute, 5)
				if err != nil {
					t.Error(err)
				}
				mutex.Lock()
				for _, notice := range claimed {
					seen[notice.User]++
				}
				done := len(seen) == notices || err != nil
				mutex.Unlock()
				if done {
					return
				}
			}
		})
	}
	all.Wait()
	for user, times := range seen {
		if times != 1 {
			t.Errorf("%s was claimed %d times", user, times)
		}
	}
}
