package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // for the columns of a database

	"vpn-otpd/store"
	"vpn-otpd/store/postgres"
	"vpn-otpd/store/postgres/postgrestest"
	"vpn-otpd/store/sqlite"
)

// copyConfig writes a configuration of a store and returns its path.
func copyConfig(t *testing.T, folder, name, section string) string {
	t.Helper()
	path := filepath.Join(folder, name+".toml")
	if err := os.WriteFile(path, fmt.Appendf(nil, "node = \"node1\"\n%s[store]\nkey_file = \"store.key\"\n%s\n", codeClient, section), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A site moves from SQLite to PostgreSQL and back, and nothing is other than it was.
func TestCopyThereAndBack(t *testing.T) {
	t.Parallel()
	server := startPostgres(t, postgrestest.Fast...)
	location, folder := server.Database(t), t.TempDir()
	first := copyConfig(t, folder, "first", `path = "first.sqlite"`)
	there := copyConfig(t, folder, "there", fmt.Sprintf("driver = \"postgres\"\nurl = %q", location))
	back := copyConfig(t, folder, "back", `path = "back.sqlite"`)
	keys, err := store.CreateKeyFile(filepath.Join(folder, "store.key"))
	if err != nil {
		t.Fatal(err)
	}
	before := fillForCopy(t, filepath.Join(folder, "first.sqlite"), keys)
	move := func(from, to string) (string, error) {
		var said bytes.Buffer
		err := copyStore(t.Context(), &said, &said, from, to)
		return said.String(), err
	}
	for _, way := range [][2]string{{first, there}, {there, back}} {
		if said, err := move(way[0], way[1]); err != nil || !strings.Contains(said, "are copied") {
			t.Fatalf("%v: %s, %v", way, said, err)
		}
	}
	s, err := sqlite.Open(t.Context(), filepath.Join(folder, "back.sqlite"), keys, store.Options{Node: "node1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if after := whatIsKept(t, s); !reflect.DeepEqual(after, before) {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
	chains, err := s.VerifyAudit(t.Context(), nil)
	if err != nil || len(chains) != 1 || chains[0].Broken != 0 || chains[0].Last != 1200 {
		t.Errorf("the audit log: %+v, %v", chains, err)
	}
	if _, err := move(first, there); err == nil || !strings.Contains(err.Error(), "isn't empty") {
		t.Errorf("into a store that holds something: %v", err)
	}
	if _, err := move(first, first); err == nil || !strings.Contains(err.Error(), "both configurations") {
		t.Errorf("into itself: %v", err)
	}
}

// fillForCopy makes a store with something in many tables and more than a page in some.
func fillForCopy(t *testing.T, path string, keys store.Keys) []store.Account {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, keys, store.Options{Node: "node1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	soon := time.Now().Add(time.Hour)
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		for n := range 1200 {
			name := fmt.Sprintf("user%d ü", n)
			if _, err := tx.AddAccount(name); err != nil {
				return err
			}
			device, err := tx.AddDevice(store.Device{User: name, Label: "phone", Algorithm: "SHA1", Digits: 6, Period: 30}, testKey.Secret)
			if err != nil {
				return err
			}
			if _, err := tx.BurnStep(device, int64(n+1), []byte{byte(n), 0, 255}); err != nil {
				return err
			}
			if err := tx.SetDisabled(name, n%3 == 0); err != nil {
				return err
			}
			if err := tx.AddTemporaryCode(name, store.TemporaryCode{MAC: []byte(name), Uses: 2, ExpiresAt: soon, Helpdesk: n%2 == 0}); err != nil {
				return err
			}
			if err := tx.Audit(store.Record{Event: "user_added", User: name, Detail: "a\tb"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return whatIsKept(t, s)
}

func whatIsKept(t *testing.T, s *store.Store) (all []store.Account) {
	t.Helper()
	for after := ""; ; after = all[len(all)-1].Name {
		page, err := s.Accounts(t.Context(), after, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
	}
	if _, err := s.OpenSecret(all[0].Devices[0]); err != nil {
		t.Error(err)
	}
	return all
}

// A store that a daemon uses, one with another key and one that isn't there are
// not copied.
func TestCopyRefused(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	key := filepath.Join(d.folder, "key", "store.key")
	folder := t.TempDir()
	inUse := copyConfig(t, folder, "inuse", "path = \""+filepath.Join(d.folder, "vpn-otpd.sqlite")+"\"")
	text, err := os.ReadFile(inUse)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(inUse, []byte(strings.Replace(string(text), `"store.key"`, `"`+key+`"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	to := copyConfig(t, folder, "to", `path = "to.sqlite"`)
	none := copyConfig(t, folder, "none", `path = "none.sqlite"`)
	try := func(from, to, words string) {
		t.Helper()
		var said bytes.Buffer
		if err := copyStore(t.Context(), &said, &said, from, to); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s to %s: %v", filepath.Base(from), filepath.Base(to), err)
		}
	}
	try(inUse, to, "reading the store key")
	if _, err := store.CreateKeyFile(filepath.Join(folder, "store.key")); err != nil {
		t.Fatal(err)
	}
	try(inUse, to, "different store keys")
	try(none, to, "there is no database")
	content, err := os.ReadFile(key)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "store.key"), content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	try(inUse, to, "stop it first")
}

// Both databases have the tables and columns that are copied, and no others, and
// count their versions alike.
func TestTables(t *testing.T) {
	t.Parallel()
	if a, b := len(sqlite.Dialect().Migrations), len(postgres.Dialect().Migrations); a != b {
		t.Errorf("SQLite's schema is at version %d, PostgreSQL's at %d", a+1, b+1)
	}
	want := make(map[string][]string)
	for _, table := range store.Tables() {
		want[table.Name] = slices.Sorted(slices.Values(table.All()))
	}
	keys := store.Keys{make([]byte, store.KeySize)}
	path := filepath.Join(t.TempDir(), "store.sqlite")
	s, err := sqlite.Open(t.Context(), path, keys, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := columnsOf(t, "sqlite", path, `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`); !reflect.DeepEqual(got, want) {
		t.Errorf("SQLite has\n%v, copied are\n%v", got, want)
	}
	location := startPostgres(t, postgrestest.Fast...).Database(t)
	p, err := postgres.Open(t.Context(), location, keys, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	got := columnsOf(t, "pgx", location, `SELECT c.table_name, c.column_name FROM information_schema.columns c
		JOIN information_schema.tables t USING (table_schema, table_name) WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("PostgreSQL has\n%v, copied are\n%v", got, want)
	}
}

func columnsOf(t *testing.T, driver, location, query string) map[string][]string {
	t.Helper()
	db, err := sql.Open(driver, location)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns := make(map[string][]string)
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		columns[table] = append(columns[table], column)
	}
	for _, names := range columns {
		slices.Sort(names)
	}
	return columns
}
