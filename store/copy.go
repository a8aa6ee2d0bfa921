package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"strings"
)

// ErrNotEmpty: what would be copied into holds something.
var ErrNotEmpty = errors.New("it isn't empty")

const (
	copyPage   = 500 // rows that are read at a time
	copyInsert = 50  // rows that are written at a time
)

// CopyProgress hears what is done of what ("copying" or "verifying") in rows.
type CopyProgress func(doing string, done, total int64)

// Copy writes everything that is in a store at one moment into another one,
// which is empty, and both have the same keys. What was written is read again and
// compared before it is committed: all of it is there afterwards, or nothing.
// The other store must be opened anew then. It returns the number of rows.
func Copy(ctx context.Context, from, to *Store, progress CopyProgress) (rows int64, err error) {
	source, err := from.read.Conn(ctx)
	if err != nil {
		return 0, fmt.Errorf("connecting to what is copied: %w", err)
	}
	defer source.Close()
	target, err := to.write.Conn(ctx)
	if err != nil {
		return 0, fmt.Errorf("connecting to what it is copied into: %w", err)
	}
	defer target.Close()
	if _, err := source.ExecContext(ctx, from.dialect.snapshot()); err != nil {
		return 0, fmt.Errorf("beginning to read: %w", err)
	}
	defer source.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if _, err := target.ExecContext(ctx, to.dialect.Begin); err != nil {
		return 0, fmt.Errorf("beginning to write: %w", err)
	}
	for _, side := range []struct {
		store *Store
		conn  *sql.Conn
	}{{from, source}, {to, target}} { // a newer one may hold what this program doesn't know
		version, err := schemaVersion(ctx, side.conn, side.store.dialect)
		if err == nil && version != side.store.SchemaVersion() {
			err = fmt.Errorf("%w: it has version %d, this program knows %d", ErrNewerSchema, version, side.store.SchemaVersion())
		}
		if err != nil {
			_, rollback := target.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			return 0, errors.Join(err, rollback)
		}
	}
	c := copying{source: source, target: target, into: to.dialect, progress: progress, key: make([]byte, sha256.Size)}
	rand.Read(c.key)
	if err := c.run(ctx); err != nil {
		_, rollback := target.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return 0, errors.Join(err, rollback)
	}
	if to.dialect.Commit != nil {
		return c.total, to.dialect.Commit(ctx, target)
	}
	_, err = target.ExecContext(ctx, "COMMIT")
	return c.total, err
}

func (d Dialect) snapshot() string {
	if d.Snapshot == "" {
		return "BEGIN"
	}
	return d.Snapshot
}

// copying is one run of Copy.
type copying struct {
	source, target *sql.Conn
	into           Dialect // of the target
	progress       CopyProgress
	key            []byte // of the digests
	done, total    int64
}

func (c *copying) run(ctx context.Context) error {
	for _, t := range Tables() {
		var there, here int64
		err := errors.Join(c.source.QueryRowContext(ctx, "SELECT count(*) FROM "+t.Name).Scan(&there),
			c.target.QueryRowContext(ctx, "SELECT count(*) FROM "+t.Name).Scan(&here))
		if err != nil {
			return fmt.Errorf("counting %s: %w", t.Name, err)
		}
		if here > 0 && t.Name != "meta" { // which has its own from the beginning
			return fmt.Errorf("%w: there are %d rows in %s", ErrNotEmpty, here, t.Name)
		}
		c.total += there
	}
	if _, err := c.target.ExecContext(ctx, "DELETE FROM meta"); err != nil {
		return err
	}
	digests := make(map[string][]byte)
	for _, t := range Tables() {
		digest := hmac.New(sha256.New, c.key)
		err := c.pages(ctx, c.source, t, "copying", digest, func(rows [][]any) error { return c.write(ctx, t, rows) })
		if err != nil {
			return fmt.Errorf("copying %s: %w", t.Name, err)
		}
		digests[t.Name] = digest.Sum(nil)
	}
	c.done = 0
	for _, t := range Tables() {
		digest := hmac.New(sha256.New, c.key)
		if err := c.pages(ctx, c.target, t, "verifying", digest, func([][]any) error { return nil }); err != nil {
			return fmt.Errorf("verifying %s: %w", t.Name, err)
		}
		if !hmac.Equal(digest.Sum(nil), digests[t.Name]) {
			return fmt.Errorf("verifying %s: what was written isn't what was read", t.Name)
		}
	}
	return nil
}

// pages reads a table from its beginning to its end, by its key.
func (c *copying) pages(ctx context.Context, conn *sql.Conn, t Table, doing string, digest hash.Hash, take func(rows [][]any) error) error {
	var last []any
	for {
		rows, err := page(ctx, conn, t, last)
		if err != nil {
			return err
		}
		for _, row := range rows {
			fmt.Fprintf(digest, "%d", len(row))
			for _, value := range row {
				text := fmt.Sprintf("%T %v", value, value)
				fmt.Fprintf(digest, " %d %s", len(text), text)
			}
		}
		if err := take(rows); err != nil {
			return err
		}
		if c.done += int64(len(rows)); c.progress != nil {
			c.progress(doing, c.done, c.total)
		}
		if len(rows) < copyPage {
			return nil
		}
		last = rows[len(rows)-1][:len(t.Key)]
	}
}

func page(ctx context.Context, conn *sql.Conn, t Table, after []any) (page [][]any, err error) {
	rows, err := conn.QueryContext(ctx, t.page(after == nil), after...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		row, into := make([]any, len(t.All())), make([]any, len(t.All()))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		t.normalize(row)
		page = append(page, row)
	}
	return page, rows.Err()
}

// normalize makes what SQLite keeps as 0 and 1 true or false.
func (t Table) normalize(row []any) {
	flags := " " + strings.Join(t.Flags, " ") + " "
	for i, column := range t.All() {
		if number, ok := row[i].(int64); ok && strings.Contains(flags, " "+column+" ") {
			row[i] = number != 0
		}
	}
}

func (c *copying) write(ctx context.Context, t Table, rows [][]any) error {
	for len(rows) > 0 {
		count := 1
		if len(rows) >= copyInsert {
			count = copyInsert
		}
		var values []any
		for _, row := range rows[:count] {
			values = append(values, row...)
		}
		if _, err := c.target.ExecContext(ctx, t.insert(c.into, count), values...); err != nil {
			return err
		}
		rows = rows[count:]
	}
	return nil
}
