package postgres

import (
	"sync"
	"testing"
	"time"

	"vpn-otpd/store"
)

// together burns a step of one device each of some users, in one transaction, and
// says who took it. meanwhile runs after all were read, before any is burnt. A
// further statement of the last user's meets what became of the others' steps.
func together(t *testing.T, s *store.Store, names []string, meanwhile func()) (won map[string]bool, errs map[string]error) {
	t.Helper()
	var all, held sync.WaitGroup
	var releases []chan struct{}
	for range nearWriters { // all are busy, and one of them takes all users when it is released
		began, release := make(chan struct{}), make(chan struct{})
		held.Go(func() {
			if err := s.Update(t.Context(), func(*store.Tx) error { close(began); <-release; return nil }); err != nil {
				t.Error(err)
			}
		})
		<-began
		releases = append(releases, release)
	}
	won, errs = make(map[string]bool), make(map[string]error)
	var mutex sync.Mutex
	var once sync.Once
	for _, name := range names {
		all.Go(func() {
			mine := false
			err := s.UpdateUser(t.Context(), name, func(tx *store.Tx) error {
				account, _, err := tx.Account(name)
				once.Do(meanwhile)
				mine = false
				if err == nil && len(account.Devices) > 0 {
					mine, err = tx.BurnStep(account.Devices[0], 7, nil)
				}
				if err == nil && name == names[len(names)-1] {
					_, _, err = tx.Account(name)
				}
				return err
			})
			mutex.Lock()
			defer mutex.Unlock()
			won[name], errs[name] = mine && err == nil, err
		})
	}
	time.Sleep(100 * time.Millisecond)
	close(releases[0])
	all.Wait()
	close(releases[1])
	held.Wait()
	return won, errs
}

// A device that goes by hand, between the reading of a batch and the burning of
// its steps, or takes a later step there, takes none; one whose row the database doesn't change fails its
// own update. Their neighbours of the batch don't suffer.
func TestBurnsAndHands(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		statement string
		fails     bool
	}{
		"gone":   {"DELETE FROM devices WHERE user_name = 'alice'", false},
		"raised": {"UPDATE devices SET last_step = 9 WHERE user_name = 'alice'", false},
		"frozen": {`CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''frozen''; END';
			CREATE TRIGGER frozen BEFORE UPDATE ON devices FOR EACH ROW WHEN (OLD.user_name = 'alice') EXECUTE FUNCTION frozen()`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := server(t)
			url := database.Database(t)
			s := openNode(t, url, "node")
			names := []string{"alice", "bob", "carol"}
			for _, name := range names {
				device(t, s, name)
			}
			won, errs := together(t, s, names, func() { database.SQL(t, url, test.statement) })
			for _, name := range names {
				if fails := test.fails && name == "alice"; (errs[name] != nil) != fails || won[name] != (name != "alice") {
					t.Errorf("%s: took the step: %v, %v", name, won[name], errs[name])
				}
			}
		})
	}
}
