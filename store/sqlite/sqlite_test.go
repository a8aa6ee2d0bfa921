package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"

	"vpn-otpd/store"
	"vpn-otpd/store/storetest"
)

// database is one file.
type database struct{ path string }

func (d database) Open(t *testing.T, keys store.Keys, options store.Options) (*store.Store, error) {
	return Open(t.Context(), d.path, keys, options)
}

func (d database) Exec(t *testing.T, query string, arguments ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", d.path+"?_pragma=busy_timeout(2000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query, arguments...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Database {
		return database{filepath.Join(t.TempDir(), "store.sqlite")}
	})
}
