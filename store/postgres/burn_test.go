package postgres

import (
	"sync"
	"testing"
	"time"

	"vpn-otpd/store"
)

// A device that goes by hand, between the reading of a batch and the burning of
// its steps, takes no step, and its neighbours of the batch don't suffer.
func TestBurnOfWhatGoesByHand(t *testing.T) {
	t.Parallel()
	database := server(t)
	url := database.Database(t)
	s := openNode(t, url, "node")
	names := []string{"alice", "bob", "carol"}
	for _, name := range names {
		device(t, s, name)
	}
	var all, held sync.WaitGroup
	var releases []chan struct{}
	for range nearWriters { // all are busy, and one of them takes all three when it is released
		began, release := make(chan struct{}), make(chan struct{})
		held.Go(func() {
			if err := s.Update(t.Context(), func(*store.Tx) error { close(began); <-release; return nil }); err != nil {
				t.Error(err)
			}
		})
		<-began
		releases = append(releases, release)
	}
	runs, won := make(map[string]int), make(map[string]bool)
	var mutex sync.Mutex
	for _, name := range names {
		all.Go(func() {
			err := s.UpdateUser(t.Context(), name, func(tx *store.Tx) error {
				account, _, err := tx.Account(name)
				mutex.Lock()
				defer mutex.Unlock()
				if runs[name]++; name == "alice" && runs[name] == 1 {
					database.SQL(t, url, "DELETE FROM devices WHERE user_name = 'bob'")
				}
				won[name] = false
				if err == nil && len(account.Devices) > 0 {
					won[name], err = tx.BurnStep(account.Devices[0], 7, nil)
				}
				if err == nil && name == "carol" { // whose statement meets what became of bob's step
					_, _, err = tx.Account(name)
				}
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	close(releases[0])
	all.Wait()
	close(releases[1])
	held.Wait()
	for _, name := range names {
		if won[name] != (name != "bob") || runs[name] != 2 {
			t.Errorf("%s: took the step: %v, in %d runs", name, won[name], runs[name])
		}
	}
}
