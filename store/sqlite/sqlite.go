// Package sqlite keeps the store in one SQLite file. It promises durability:
// every commit is on the disk (WAL, synchronous=FULL) before Update returns. It
// never shares the file with a daemon on another host.
package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	"vpn-otpd/store"
)

//go:embed schema.sql
var schema string

//go:embed migrations/v2.sql
var migrationV2 string

//go:embed migrations/v3.sql
var migrationV3 string

// pragmas are set on each connection. busy_timeout is in milliseconds and stays
// below the time in which a login is answered: someone holds the file with the
// sqlite3 shell. secure_delete overwrites what is deleted.
const pragmas = "_pragma=busy_timeout(2000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(ON)&_pragma=secure_delete(ON)&_pragma=trusted_schema(OFF)"

const readers = 4 // connections that read

// What a connection is for.
const (
	writing  = ""
	readOnly = "&_pragma=query_only(ON)"
)

// location names the database at path, which may hold any character: as a URI
// nothing of it is taken for an option.
func location(path, purpose string) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: pragmas + purpose}).String()
}

// Dialect is SQLite's.
func Dialect() store.Dialect {
	return store.Dialect{
		Name:        "sqlite",
		Schema:      schema,
		Migrations:  []string{migrationV2, migrationV3},
		Least:       3,
		Begin:       "BEGIN IMMEDIATE",
		Place:       "?",
		TableExists: `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1`,
	}
}

// Exists reports whether there is a database at path that holds anything.
func Exists(path string) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Size() > 0, err
}

// Open opens the database at path, and makes it, with mode 0600, where there is
// none.
func Open(ctx context.Context, path string, keys store.Keys, options store.Options) (*store.Store, error) {
	// As any distribution's SQLite does: a commit needn't wait for the file's times.
	if _, err := sqlite.Fdatasync(true); err != nil {
		return nil, err
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("making the database: %w", err)
	}
	write, err := sql.Open("sqlite", location(path, writing))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", location(path, readOnly))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	dialect := Dialect()
	dialect.Backup = func(ctx context.Context, into string) error { return backup(ctx, path, into) }
	s, err := store.Open(ctx, dialect, read, write, keys, options)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return s, nil
}

// create makes an empty file for its mode: SQLite would give its own, and the
// files beside it (-wal, -shm) take the mode of this one. A file that is there
// is not even opened: closing it would drop the locks that any other store of
// this process holds on it (fcntl(2)).
func create(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
