package postgres

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"vpn-otpd/store"
)

//go:embed schema.sql
var schema string

const (
	// Transactions under way at once. Near to the database few are best, each of
	// many updates: they cost less. Far from it the way takes most of the time.
	nearWriters, farWriters = 2, 8
	// far is how long a statement of nothing takes where the way counts.
	far     = 500 * time.Microsecond
	readers = 8 // connections that read
	// connectionLifetime lets connections find their way to other hosts.
	connectionLifetime = 30 * time.Minute
)

// Dialect is PostgreSQL's.
func Dialect() store.Dialect {
	return store.Dialect{
		Name:   "postgres",
		Schema: schema,
		// SQLite's versions count for both. The first of PostgreSQL's is 3.
		Migrations: []string{store.NeverMade, store.NeverMade},
		Least:      3,
		// One number for all nodes. Nobody waits for a migration but at the start.
		MigrationLock: `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(8241650947312)`,
		Writers:       nearWriters,
		Begin:         "BEGIN ISOLATION LEVEL READ COMMITTED",
		BeginHasty:    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '100ms'",
		Snapshot:      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		Commit:        commit,
		Deadline:      2 * time.Second,
		Fault:         fault,
		ForUpdate:     " FOR UPDATE",
		BurnSteps: `UPDATE devices SET last_step = burnt.step, used_at = $1, last_field = burnt.field
			FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bytea[]) AS burnt (user_name, id, step, field)
			WHERE devices.user_name = burnt.user_name AND devices.id = burnt.id AND devices.last_step < burnt.step`,
		TableExists: `SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = $1`,
		Doubts:      doubts,
	}
}

// Open opens the database of a URL, and makes the schema where it is empty.
func Open(ctx context.Context, url string, keys store.Keys, options store.Options) (*store.Store, error) {
	return open(ctx, url, Dialect(), keys, options)
}

func open(ctx context.Context, url string, dialect store.Dialect, keys store.Keys, options store.Options) (*store.Store, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	write := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(prepareWriting))
	if dialect.Writers, err = writersFor(ctx, write); err != nil {
		return nil, errors.Join(fmt.Errorf("connecting to %s: %w", place(config), err), write.Close())
	}
	write.SetMaxOpenConns(dialect.Writers + 1) // one more at the start
	read := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(prepareReading))
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	read.SetConnMaxLifetime(connectionLifetime)
	s, err := store.Open(ctx, dialect, read, write, keys, options)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", place(config), err)
	}
	return s, nil
}

// writersFor measures the way to the database, by the fastest of some tries.
func writersFor(ctx context.Context, db *sql.DB) (int, error) {
	shortest := time.Hour
	for range 5 {
		began := time.Now()
		if _, err := db.ExecContext(ctx, "SELECT 1"); err != nil {
			return 0, err
		}
		shortest = min(shortest, time.Since(began))
	}
	if shortest < far {
		return nearWriters, nil
	}
	return farWriters, nil
}

// Exists reports whether the database of a URL has a schema of ours.
func Exists(ctx context.Context, url string) (bool, error) {
	config, err := parse(url)
	if err != nil {
		return false, err
	}
	db := stdlib.OpenDB(*config)
	var tables int
	err = db.QueryRowContext(ctx, Dialect().TableExists, "meta").Scan(&tables)
	return tables > 0, errors.Join(err, db.Close())
}

// prepareWriting sets the bounds of a connection that writes: below the time in
// which a login is answered, and such that a node that is gone doesn't hold a
// user's row. Who has switched durability off for the database has it here.
func prepareWriting(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET statement_timeout = '2s'; SET lock_timeout = '1500ms'; SET idle_in_transaction_session_timeout = '5s';
		SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`)
	return err
}

// prepareReading leaves time for what reads every user.
func prepareReading(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET statement_timeout = '30s'; SET default_transaction_read_only = on`)
	return err
}

// commit ends a transaction. PostgreSQL answers the COMMIT of one that failed
// with ROLLBACK, and no error.
func commit(ctx context.Context, conn *sql.Conn) error {
	return conn.Raw(func(driver any) error {
		tag, err := driver.(*stdlib.Conn).Conn().Exec(ctx, "COMMIT")
		if err == nil && tag.String() != "COMMIT" {
			return fmt.Errorf("the database answered %s to COMMIT", tag)
		}
		return err
	})
}
