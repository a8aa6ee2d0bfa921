package postgres

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"vpn-otpd/store"
	"vpn-otpd/store/postgres/postgrestest"
	"vpn-otpd/store/storetest"
)

// doubtsOf waits until the doubts are those that are wanted, "" for none.
func doubtsOf(t *testing.T, s *store.Store, want string) {
	t.Helper()
	var said string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		doubts, err := s.Doubts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if said = strings.Join(doubts, "\n"); want == "" && said == "" || want != "" && strings.Contains(said, want) {
			return
		}
	}
	t.Errorf("doubts %q, want %q", said, want)
}

// The primary dies under load and its synchronous standby takes over: the store
// finds it, what was said to be burnt is burnt there, and nothing twice.
func TestFailover(t *testing.T) {
	t.Parallel()
	primary := postgrestest.Start(t)
	t.Cleanup(primary.Stop)
	primary.Database(t) // test1
	standby := primary.Standby(t)
	t.Cleanup(standby.Stop)
	s := openNode(t, primary.URL("test1", standby), "node1")
	doubtsOf(t, s, "none of the 1 standbys is synchronous")
	admin := primary.URL("postgres")
	primary.SQL(t, admin, `CREATE ROLE otp LOGIN`)
	limited := strings.Replace(primary.URL("test1"), "postgres@", "otp@", 1)
	if said := seenBy(t, limited); !strings.Contains(said, "grant pg_monitor") {
		t.Errorf("a role without rights sees %q", said)
	}
	primary.SQL(t, admin, `ALTER SYSTEM SET synchronous_standby_names = '*'`)
	primary.SQL(t, admin, `SELECT pg_reload_conf()`)
	doubtsOf(t, s, "")

	alice := device(t, s, "alice")
	var step, said atomic.Int64
	var refused atomic.Int32
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				mine := step.Add(1)
				var won bool
				err := s.Update(t.Context(), func(tx *store.Tx) (err error) {
					won, err = tx.BurnStep(alice, mine, nil)
					return err
				})
				if err != nil {
					refused.Add(1)
					time.Sleep(5 * time.Millisecond)
				} else if won {
					raise(&said, mine)
				}
			}
		})
	}
	time.Sleep(300 * time.Millisecond)
	primary.Kill()
	before := said.Load()
	standby.Promote(t)
	standby.SQL(t, standby.URL("postgres"), `ALTER SYSTEM SET synchronous_standby_names = ''`)
	standby.SQL(t, standby.URL("postgres"), `SELECT pg_reload_conf()`)
	for deadline := time.Now().Add(20 * time.Second); said.Load() <= before+20; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the store didn't find the new primary; %d updates were refused", refused.Load())
		}
	}
	close(stop)
	all.Wait()
	if before == 0 {
		t.Error("nothing was burnt before the failover")
	}
	account, _, err := s.Account(t.Context(), "alice")
	if err != nil || account.Devices[0].LastStep < said.Load() {
		t.Errorf("said that step %d is burnt, kept %+v, %v", said.Load(), account.Devices, err)
	}
}

// raise keeps the largest number.
func raise(into *atomic.Int64, number int64) {
	for {
		old := into.Load()
		if number <= old || into.CompareAndSwap(old, number) {
			return
		}
	}
}

func seenBy(t *testing.T, url string) string {
	t.Helper()
	config, err := parse(url)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	said, err := doubts(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(said, "\n")
}

// What was said to be burnt is burnt after kill -9 of the database, and the
// store goes on when it is there again.
func TestDatabaseKilled(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	t.Cleanup(server.Stop)
	s := openNode(t, server.Database(t), "node1")
	alice := device(t, s, "alice")
	step := int64(0)
	for round := range 3 {
		var said atomic.Int64
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				step++
				err := s.Update(t.Context(), func(tx *store.Tx) error {
					_, err := tx.BurnStep(alice, step, nil)
					return err
				})
				if err != nil {
					return
				}
				said.Store(step)
			}
		}()
		for deadline := time.Now().Add(20 * time.Second); said.Load() == 0 && time.Now().Before(deadline); {
			time.Sleep(30 * time.Millisecond)
		}
		server.Kill()
		<-done
		if round == 0 { // later there is a writer that hasn't heard of it yet
			// Its processes end one by one when they notice that the first one is gone.
			for deadline := time.Now().Add(10 * time.Second); s.Probe(t.Context()) == nil; time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("a probe without a database")
				}
			}
		}
		server.Restart(t)
		var all sync.WaitGroup
		for range 32 { // whichever writer takes it
			all.Go(func() {
				if err := s.Probe(t.Context()); err != nil {
					t.Errorf("round %d: the database is back: %v", round, err)
				}
			})
		}
		all.Wait()
		account, _, err := s.Account(t.Context(), "alice")
		if err != nil || account.Devices[0].LastStep < said.Load() || said.Load() == 0 {
			t.Errorf("round %d: said %d, kept %+v, %v", round, said.Load(), account.Devices, err)
		}
	}
}

// A database that isn't there is an error that names it, without its password.
func TestNoDatabase(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), "postgres://otp:hush@127.0.0.1:1/otp?sslmode=disable", store.Keys{storetest.Key(1)}, store.Options{})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1/otp") || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v", err)
	}
}

// PostgreSQL answers the COMMIT of a transaction that failed without an error:
// that isn't taken for a commit.
func TestCommitOfAFailedTransaction(t *testing.T) {
	t.Parallel()
	config, err := parse(server(t).Database(t))
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for statement, fails := range map[string]bool{"SELECT 1": false, "SELECT 1/0": true} {
		if _, err := conn.ExecContext(t.Context(), "BEGIN"); err != nil {
			t.Fatal(err)
		}
		conn.ExecContext(t.Context(), statement)
		if err := commit(t.Context(), conn); (err != nil) != fails {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// A reader whose connections were all ended asks on a new one.
func TestReadersLost(t *testing.T) {
	t.Parallel()
	database := server(t)
	url := database.Database(t)
	s := openNode(t, url, "node")
	device(t, s, "alice")
	for round := range 3 {
		var all sync.WaitGroup
		for range 4 * readers {
			all.Go(func() {
				if _, found, err := s.Account(t.Context(), "alice"); err != nil || !found {
					t.Errorf("round %d: found %v, %v", round, found, err)
				}
			})
		}
		all.Wait()
		database.SQL(t, url, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	}
}
