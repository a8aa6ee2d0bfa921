package exchange

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refused checks that a database is refused with these words and that no
// secret is among them.
func refused(t *testing.T, folder, name, words string) {
	t.Helper()
	batch, err := EduVPN(t.Context(), folder, name)
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("%v, want %q", err, words)
	}
	if err != nil && strings.Contains(err.Error(), secretA) {
		t.Errorf("a secret in %q", err)
	}
	if batch.Accounts != nil || batch.Skipped != nil {
		t.Errorf("an error, and half of the database: %d users", len(batch.Accounts))
	}
}

func TestEduVPNRefusesTables(t *testing.T) {
	t.Parallel()
	otp := `(user_id, otp_secret, otp_hash_algorithm, otp_digits, totp_period)`
	tests := map[string]struct{ statements, words string }{
		"no table":            {`PRAGMA user_version = 1`, "it has no tables"},
		"another program's":   {`CREATE TABLE devices (id); CREATE TABLE audit (id)`, `isn't eduVPN's: it has the tables "audit", "devices"`},
		"a column is away":    {`CREATE TABLE otp (user_id, otp_secret)`, `isn't eduVPN's: it has the tables "otp"`},
		"a newer server":      {server2 + `UPDATE version SET current_version = '2022020802'`, "schema 2022020802, newer than the newest that is known, 2022020801"},
		"a newer portal":      {portal3 + `UPDATE version SET current_version = '2031010101'`, "newer than the newest that is known, 2023011801"},
		"a strange version":   {server2 + `UPDATE version SET current_version = '` + secretA + `'`, "the version of the schema isn't"},
		"two versions":        {server2 + `INSERT INTO version VALUES ('2099010101')`, "newer"},
		"no version":          {server2 + `DELETE FROM version`, "reading the version"},
		"a broken-off update": {server2 + `CREATE TABLE _migration_in_progress (dummy INTEGER)`, "was broken off"},
		"a view":              {`CREATE TABLE t ` + otp + `; CREATE VIEW otp AS SELECT * FROM t`, `it has the tables "t"`},
		"a virtual table":     {`CREATE VIRTUAL TABLE otp USING fts5 ` + otp, `isn't eduVPN's`},
		"a hostile name":      {`CREATE TABLE "` + strings.Repeat("x", 5000) + "\x1b[2J" + `" (id)`, `isn't eduVPN's`},
		"a value of 2 MB":     {`CREATE TABLE otp ` + otp + `; INSERT INTO otp VALUES ('alice', zeroblob(2000000), 'sha1', 6, 30)`, "too big"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, file := database(t, test.statements)
			refused(t, folder, file, test.words)
			if _, err := EduVPN(t.Context(), folder, file); err != nil && (len(err.Error()) > 1000 || strings.Contains(err.Error(), "\x1b")) {
				t.Errorf("an error that no terminal should see: %q", err)
			}
		})
	}
}

func TestEduVPNRefusesFiles(t *testing.T) {
	t.Parallel()
	statements := []string{server2}
	for user := range 200 {
		statements = append(statements, user2(fmt.Sprintf("user%d", user), 0, secretA)...)
	}
	folder, name := database(t, statements...)
	whole, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole)
	copy(damaged[2*4096:], bytes.Repeat([]byte{0xa5}, 4096))
	tests := map[string]struct {
		octets []byte
		words  string
	}{
		"empty":          {nil, "no SQLite database"},
		"text":           {[]byte("user,secret\nalice," + secretA + "\n"), "no SQLite database"},
		"the signature":  {whole[:16], "part of it is here"},
		"the header":     {whole[:100], "part of it is here"},
		"one page":       {whole[:4096], "part of it is here"},
		"half":           {whole[:len(whole)/2], "part of it is here"},
		"all but a page": {whole[:len(whole)-4096], "part of it is here"},
		"a page of junk": {damaged, "damaged"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "db.sqlite"), test.octets, 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, folder, "db.sqlite", test.words)
		})
	}
	t.Run("none", func(t *testing.T) { refused(t, folder, "other.sqlite", "opening the database") })
	t.Run("a folder", func(t *testing.T) { refused(t, filepath.Dir(folder), filepath.Base(folder), "the database is no file") })
	t.Run("out of the folder", func(t *testing.T) {
		refused(t, t.TempDir(), filepath.Join("..", filepath.Base(folder), name), "leads out of its folder")
	})
	t.Run("too large", func(t *testing.T) {
		folder, name := database(t, server2)
		if err := os.Truncate(filepath.Join(folder, name), maxFile+1); err != nil {
			t.Fatal(err)
		}
		refused(t, folder, name, errFileSize.Error())
	})
	t.Run("too large a -wal", func(t *testing.T) {
		folder, name := database(t, server2)
		wal := filepath.Join(folder, name+"-wal")
		if err := os.WriteFile(wal, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(wal, maxFile+1); err != nil {
			t.Fatal(err)
		}
		refused(t, folder, name, errFileSize.Error())
	})
}

// A server that was killed in the middle of a change leaves a journal: the file
// alone is of no single moment.
func TestEduVPNRefusesHotJournal(t *testing.T) {
	t.Parallel()
	source, name := database(t, server2)
	db, err := sql.Open("sqlite", filepath.Join(source, name)+"?_pragma=cache_size(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for user := range 500 { // more than the cache holds, so that pages are written early
		if _, err := tx.Exec("INSERT INTO system_messages (message) VALUES (?)", strings.Repeat("x", 1000+user)); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	for _, file := range []string{name, name + "-journal"} {
		octets, err := os.ReadFile(filepath.Join(source, file))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, file), octets, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	refused(t, folder, name, "a change to it was broken off")
}
