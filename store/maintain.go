package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrExists: what was to be added is there already.
var ErrExists = errors.New("exists already")

// retiredFor is how long the last step of a removed device's secret is kept:
// by then no code of that time fits any more.
const retiredFor = 24 * time.Hour

// Prune removes what has expired: States, verdicts, temporary codes and the
// memory of removed secrets.
func (s *Store) Prune(ctx context.Context) error {
	return s.Update(ctx, func(tx *Tx) error {
		now := millis(tx.now)
		for _, prune := range []struct {
			query  string
			before int64
		}{
			{`DELETE FROM states WHERE expires_at <= $1`, now},
			{`DELETE FROM verdicts WHERE expires_at <= $1`, now},
			{`DELETE FROM temporary_codes WHERE expires_at <= $1`, now},
			{`DELETE FROM retired_secrets WHERE retired_at <= $1`, millis(tx.now.Add(-retiredFor))},
		} {
			if _, err := tx.exec(prune.query, prune.before); err != nil {
				return fmt.Errorf("pruning: %w", err)
			}
		}
		return nil
	})
}

// Counts are the sizes that status shows.
type Counts struct {
	Users, Enrolled int
	Exempt          []string // the first of them, by name
	Required        int
}

const exemptShown = 100

// Count counts. It reads every user: not for the path of a login.
func (s *Store) Count(ctx context.Context) (counts Counts, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		for _, count := range []struct {
			query string
			into  *int
		}{
			{`SELECT count(*) FROM users`, &counts.Users},
			{`SELECT count(DISTINCT user_name) FROM devices`, &counts.Enrolled},
			{`SELECT count(*) FROM users WHERE policy = 'required'`, &counts.Required},
		} {
			if _, err := tx.row(count.query, nil, count.into); err != nil {
				return err
			}
		}
		counts.Exempt, err = tx.names(`SELECT name FROM users WHERE policy = 'exempt' ORDER BY name LIMIT $1`, exemptShown)
		return err
	})
	return counts, err
}

func (tx *Tx) names(query string, arguments ...any) ([]string, error) {
	rows, err := tx.query(query, arguments...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Names returns at most limit names after a name, in order.
func (s *Store) Names(ctx context.Context, after string, limit int) (names []string, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		names, err = tx.names(`SELECT name FROM users WHERE name > $1 ORDER BY name LIMIT $2`, after, limit)
		return err
	})
	return names, err
}

// Meta returns a value kept under a name, "" where there is none.
func (tx *Tx) Meta(name string) (value string, err error) {
	_, err = tx.row(`SELECT value FROM meta WHERE name = $1`, []any{name}, &value)
	return value, err
}

// SetMeta keeps a value under a name.
func (tx *Tx) SetMeta(name, value string) error {
	_, err := tx.exec(`INSERT INTO meta (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}
