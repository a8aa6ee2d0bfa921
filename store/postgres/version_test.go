package postgres

import (
	"errors"
	"slices"
	"testing"

	"vpn-otpd/store"
	"vpn-otpd/store/storetest"
)

// Nodes of two neighbouring versions work on one schema, so that they are
// upgraded one after the other; one that the schema is too new for is refused.
func TestNeighbouringVersions(t *testing.T) {
	t.Parallel()
	url := server(t).Database(t)
	later := func(from store.Dialect, least int, migration string) store.Dialect {
		from.Migrations, from.Least = append(slices.Clone(from.Migrations), migration), least
		return from
	}
	start := func(dialect store.Dialect, node string) (*store.Store, error) {
		s, err := open(t.Context(), url, dialect, store.Keys{storetest.Key(1)}, store.Options{Node: node})
		if err == nil {
			t.Cleanup(func() { s.Close() })
		}
		return s, err
	}
	old := openNode(t, url, "old")
	alice := device(t, old, "alice")
	next := later(Dialect(), Dialect().Least, `ALTER TABLE users ADD COLUMN color TEXT NOT NULL DEFAULT 'green'; CREATE TABLE colors (name TEXT PRIMARY KEY)`)
	newer, err := start(next, "newer")
	if err != nil {
		t.Fatal(err)
	}
	burn := func(s *store.Store, step int64) (won bool) {
		t.Helper()
		err := s.Update(t.Context(), func(tx *store.Tx) (err error) {
			won, err = tx.BurnStep(alice, step, nil)
			return errors.Join(err, tx.Audit(store.Record{Event: "login", User: "alice"}))
		})
		if err != nil {
			t.Error(err)
		}
		return won
	}
	if !burn(old, 1) || burn(newer, 1) || !burn(newer, 2) || burn(old, 2) {
		t.Error("a step wasn't burnt once for both")
	}
	device(t, old, "bob")
	if _, found, err := newer.Account(t.Context(), "bob"); err != nil || !found {
		t.Errorf("who was added by the old version: found %v, %v", found, err)
	}
	again, err := start(Dialect(), "old again")
	if err != nil {
		t.Fatalf("the old version starts again: %v", err)
	}
	if _, found, err := again.Account(t.Context(), "alice"); err != nil || !found {
		t.Errorf("found %v, %v", found, err)
	}
	wholeChains(t, newer, map[string]int64{"old": 2, "newer": 2})
	if _, err := start(next, "newer again"); err != nil { // the old one must not have put the version back
		t.Errorf("the new version starts again: %v", err)
	}
	removing := later(next, len(next.Migrations)+2, `DROP TABLE colors`)
	if _, err := start(removing, "newest"); err != nil {
		t.Fatal(err)
	}
	for name, dialect := range map[string]store.Dialect{"old": Dialect(), "newer": next} {
		if _, err := start(dialect, name); !errors.Is(err, store.ErrNewerSchema) {
			t.Errorf("%s starts on a schema that it doesn't know: %v", name, err)
		}
	}
}
