package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
)

// ErrNewerSchema: the database was written by a newer version of the program.
var ErrNewerSchema = errors.New("the database has a newer schema than this program knows")

// migrate makes the schema in an empty database, and brings an older one up to
// date, in one transaction.
func migrate(ctx context.Context, db *sql.DB, dialect Dialect) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, dialect.Begin); err != nil {
		return fmt.Errorf("beginning: %w", err)
	}
	if err := migrateInside(ctx, conn, dialect); err != nil {
		_, rollback := conn.ExecContext(ctx, "ROLLBACK")
		return errors.Join(err, rollback)
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		_, rollback := conn.ExecContext(ctx, "ROLLBACK")
		return errors.Join(fmt.Errorf("committing: %w", err), rollback)
	}
	return nil
}

func migrateInside(ctx context.Context, conn *sql.Conn, dialect Dialect) error {
	if dialect.MigrationLock != "" {
		if _, err := conn.ExecContext(ctx, dialect.MigrationLock); err != nil {
			return fmt.Errorf("locking out other nodes: %w", err)
		}
	}
	newest := len(dialect.Migrations) + 1
	version, err := schemaVersion(ctx, conn, dialect)
	switch {
	case err != nil:
		return err
	case version == newest:
		return nil
	case version > newest:
		return mayUse(ctx, conn, version, newest)
	case version == 0:
		if _, err := conn.ExecContext(ctx, dialect.Schema); err != nil {
			return fmt.Errorf("making the schema: %w", err)
		}
	default:
		for ; version < newest; version++ {
			if dialect.Migrations[version-1] == NeverMade {
				return fmt.Errorf("the schema says version %d, which no %s database ever had", version, dialect.Name)
			}
			if _, err := conn.ExecContext(ctx, dialect.Migrations[version-1]); err != nil {
				return fmt.Errorf("migrating from version %d to %d: %w", version, version+1, err)
			}
		}
	}
	least, err := leastOf(ctx, conn, version)
	if err != nil {
		return err
	}
	for name, value := range map[string]int{schemaName: newest, leastName: max(least, dialect.Least, 1)} {
		if _, err := conn.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, strconv.Itoa(value)); err != nil {
			return fmt.Errorf("noting the schema's version: %w", err)
		}
	}
	return nil
}

// Names in the table meta.
const (
	schemaName = "schema"
	leastName  = "schema_least" // see Dialect.Least
)

// mayUse is nil where a newer schema only adds to the one that this program
// knows: nodes are upgraded one after the other.
func mayUse(ctx context.Context, conn *sql.Conn, version, known int) error {
	least, err := leastOf(ctx, conn, version)
	if err != nil {
		return err
	}
	if least > known {
		return fmt.Errorf("%w: it has version %d, this program knows %d", ErrNewerSchema, version, known)
	}
	return nil
}

// leastOf is what a schema says of whom it is for: where it says nothing that can
// be understood, for programs of its own version.
func leastOf(ctx context.Context, conn *sql.Conn, version int) (least int, err error) {
	var text string
	if version == 0 {
		return 0, nil
	}
	err = conn.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = $1`, leastName).Scan(&text)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("reading for whom the schema is: %w", err)
	}
	if least, err = strconv.Atoi(text); err != nil || least < 1 || least > version {
		return version, nil
	}
	return least, nil
}

// schemaVersion is 0 in an empty database.
func schemaVersion(ctx context.Context, conn *sql.Conn, dialect Dialect) (int, error) {
	var tables int
	if err := conn.QueryRowContext(ctx, dialect.TableExists, "meta").Scan(&tables); err != nil {
		return 0, fmt.Errorf("looking for the schema: %w", err)
	}
	if tables == 0 {
		return 0, nil
	}
	var text string
	if err := conn.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = $1`, schemaName).Scan(&text); err != nil {
		return 0, fmt.Errorf("reading the schema's version: %w", err)
	}
	version, err := strconv.Atoi(text)
	if err != nil || version < 1 {
		return 0, fmt.Errorf("the schema's version %q is not a number", text)
	}
	return version, nil
}
