package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"vpn-otpd/store"
	"vpn-otpd/store/storetest"
)

func open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := Open(t.Context(), path, store.Keys{storetest.Key(1)}, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func addUser(s *store.Store, name string) error {
	return s.Update(context.Background(), func(tx *store.Tx) error { _, err := tx.AddAccount(name); return err })
}

// Every connection that writes is durable: what it depends on is really set.
func TestPragmas(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.sqlite")
	open(t, path)
	db, err := sql.Open("sqlite", location(path, writing))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "secure_delete": "1", "busy_timeout": "2000", "trusted_schema": "0"} {
		var got string
		if err := db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", pragma, got, err, want)
		}
	}
	if !sqlite.FdatasyncEnabled() {
		t.Error("a commit waits for more than it has to")
	}
	reading, err := sql.Open("sqlite", location(path, readOnly))
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	if _, err := reading.Exec(`DELETE FROM users`); err == nil {
		t.Error("a connection that reads has written")
	}
}

// Nobody else can read the database, whatever the umask; and no path is taken
// for options.
func TestFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"store.sqlite", "a b?mode=memory#%41.sqlite"} {
		path := filepath.Join(t.TempDir(), name)
		s := open(t, path)
		if err := addUser(s, "alice"); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{path, path + "-wal", path + "-shm"} {
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", file, info, err)
			}
		}
	}
	if exists, err := Exists(filepath.Join(t.TempDir(), "none")); exists || err != nil {
		t.Errorf("a missing file: %v, %v", exists, err)
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "no", "folder"), store.Keys{storetest.Key(1)}, store.Options{}); err == nil {
		t.Error("opened in a folder that isn't there")
	}
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), garbage, store.Keys{storetest.Key(1)}, store.Options{}); err == nil {
		t.Error("a file that is no database was opened")
	}
}

// On some faults SQLite rolls the transaction back by itself. Then nothing of it
// is kept, also not what an update does after it, and all who share it are told.
func TestRolledBackBySQLite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.sqlite")
	s := open(t, path)
	shell := database{path}
	shell.Exec(t, `CREATE TRIGGER full BEFORE INSERT ON users WHEN NEW.name = 'alice' BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`)
	if err := addUser(s, "alice"); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("added while it was full: %v", err)
	}
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		tx.AddAccount("alice")
		_, err := tx.AddAccount("bob")
		return err
	})
	if _, found, lookErr := s.Account(t.Context(), "bob"); err == nil || found || lookErr != nil {
		t.Errorf("an update that went on: %v, bob is there: %v, %v", err, found, lookErr)
	}
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			name := fmt.Sprint("user", n)
			if n%10 == 0 {
				name = "alice"
			}
			err := addUser(s, name)
			if _, found, lookErr := s.Account(t.Context(), name); found != (err == nil) || lookErr != nil {
				t.Errorf("%s: %v, there: %v, %v", name, err, found, lookErr)
			}
		})
	}
	all.Wait()
	shell.Exec(t, `DROP TRIGGER full`)
	if err := addUser(s, "alice"); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// Opening a store again, in vain or not, leaves the first one its locks: without
// them another process could take its log away.
func TestOpenedTwice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.sqlite")
	s := open(t, path)
	if err := addUser(s, "alice"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, store.Keys{storetest.Key(2)}, store.Options{}); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("opened with a foreign key: %v", err)
	}
	open(t, path).Close()
	// The last to close removes the log; the shell isn't the last.
	if output, err := shell(t, path, `SELECT count(*) FROM users`); err != nil || output != "1\n" {
		t.Errorf("%q, %v", output, err)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Errorf("the log of an open store: %v", err)
	}
}

// The first schema, as it was on the day it was made, becomes the newest one.
func TestMigrationFromTheFirstSchema(t *testing.T) {
	t.Parallel()
	first, err := os.ReadFile("testdata/schema_v1.sql")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	old, fresh := filepath.Join(folder, "old.sqlite"), filepath.Join(folder, "new.sqlite")
	database{old}.Exec(t, string(first))
	s := open(t, old)
	open(t, fresh)
	account, found, err := s.Account(t.Context(), "alice")
	if err != nil || !found || len(account.Devices) != 1 || account.Devices[0].LastStep != 100 {
		t.Errorf("what was kept: %+v, %v, %v", account, found, err)
	}
	if a, b := schemaOf(t, old), schemaOf(t, fresh); a != b {
		t.Errorf("the migrated schema is\n%s\nthe new one\n%s", a, b)
	}
}

func schemaOf(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var text strings.Builder
	for rows.Next() {
		var kind, name, definition string
		if err := rows.Scan(&kind, &name, &definition); err != nil {
			t.Fatal(err)
		}
		// ALTER TABLE sets its blanks otherwise than we do.
		definition = strings.NewReplacer(" ,", ",", " )", ")").Replace(strings.Join(strings.Fields(definition), " "))
		fmt.Fprintln(&text, kind, name, definition)
	}
	return text.String()
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.sqlite")
	open(t, path).Close()
	database{path}.Exec(t, `UPDATE meta SET value = '99' WHERE name IN ('schema', 'schema_least')`)
	if _, err := Open(t.Context(), path, store.Keys{storetest.Key(1)}, store.Options{}); !errors.Is(err, store.ErrNewerSchema) || !strings.Contains(err.Error(), "99") {
		t.Errorf("opened a newer schema: %v", err)
	}
}

// What a newer program keeps, and this one doesn't know, would be lost by a copy.
func TestNewerSchemaIsNotCopied(t *testing.T) {
	t.Parallel()
	from, into := filepath.Join(t.TempDir(), "from.sqlite"), filepath.Join(t.TempDir(), "into.sqlite")
	open(t, from).Close()
	database{from}.Exec(t, `UPDATE meta SET value = '4' WHERE name = 'schema'`) // which this program may use
	if _, err := store.Copy(t.Context(), open(t, from), open(t, into), nil); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("copied a newer schema: %v", err)
	}
	if err := addUser(open(t, into), "alice"); err != nil {
		t.Errorf("what it would have been copied into: %v", err)
	}
}

// A schema that says nonsense of whom it is for is for its own version alone.
func TestSchemaForNobody(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.sqlite")
	open(t, path).Close()
	for _, least := range []string{"0", "-1", "x", "", "100"} {
		database{path}.Exec(t, `UPDATE meta SET value = '99' WHERE name = 'schema'`)
		database{path}.Exec(t, `UPDATE meta SET value = $1 WHERE name = 'schema_least'`, least)
		if _, err := Open(t.Context(), path, store.Keys{storetest.Key(1)}, store.Options{}); !errors.Is(err, store.ErrNewerSchema) {
			t.Errorf("least %q: %v", least, err)
		}
	}
}
