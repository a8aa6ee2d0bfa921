package store

import (
	"context"
	"fmt"
	"time"
)

// Summary is what a list shows of a user.
type Summary struct {
	Name        string
	Disabled    bool
	Policy      UserPolicy
	LockedUntil time.Time
	Devices     int
	UsedAt      time.Time // when a code of any device was last accepted; zero: never
}

// Summaries returns at most limit users whose names come after a name, by name.
// It is one question for the page, for lists of any length.
func (s *Store) Summaries(ctx context.Context, after string, limit int) (summaries []Summary, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		rows, err := tx.query(`SELECT u.name, u.disabled, u.policy, u.locked_until, count(d.id), coalesce(max(d.used_at), 0)
			FROM users u LEFT JOIN devices d ON d.user_name = u.name
			WHERE u.name > $1 GROUP BY u.name ORDER BY u.name LIMIT $2`, after, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var u Summary
			var until, used int64
			if err := rows.Scan(&u.Name, &u.Disabled, &u.Policy, &until, &u.Devices, &used); err != nil {
				return err
			}
			u.LockedUntil, u.UsedAt = fromMillis(until), fromMillis(used)
			summaries = append(summaries, u)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("reading a list of users: %w", err)
	}
	return summaries, nil
}
