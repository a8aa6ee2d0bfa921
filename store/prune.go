package store

import (
	"context"
	"fmt"
	"time"
)

// retiredFor is how long the last step of a removed device's secret is kept:
// by then no code of that time fits any more.
const retiredFor = 24 * time.Hour

// noticeFor is how long a notice is tried to be delivered.
const noticeFor = 72 * time.Hour

// pruneRows is how many rows one transaction prunes, so that it is over soon.
const pruneRows = 2000

// Prune removes what has expired: States, verdicts, temporary codes,
// enrollments, remembered logins, sessions, notices that couldn't be delivered and the memory of
// removed secrets.
func (s *Store) Prune(ctx context.Context) error {
	now := s.now()
	for _, prune := range []struct {
		table, key, expiry string
		before             time.Time
	}{
		{"states", "id", "expires_at", now},
		{"verdicts", "mac", "expires_at", now},
		{"temporary_codes", "user_name, mac", "expires_at", now},
		{"enrollments", "user_name, id", "expires_at", now},
		{"remembered", "user_name, mac", "expires_at", now},
		{"sessions", "token", "expires_at", now},
		{"outbox", "id", "at", now.Add(-noticeFor)},
		{"retired_secrets", "user_name, secret_mac", "retired_at", now.Add(-retiredFor)},
	} {
		query := fmt.Sprintf(`DELETE FROM %[1]s WHERE (%[2]s) IN (SELECT %[2]s FROM %[1]s WHERE %[3]s <= $1 LIMIT $2)`,
			prune.table, prune.key, prune.expiry)
		for removed := int64(pruneRows); removed == pruneRows; {
			err := s.Update(ctx, func(tx *Tx) (err error) {
				removed, err = tx.exec(query, millis(prune.before), pruneRows)
				return err
			})
			if err != nil {
				return fmt.Errorf("pruning %s: %w", prune.table, err)
			}
		}
	}
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(`UPDATE enrollments SET secret = NULL, key_id = '', secret_until = 0 WHERE secret_until <= $1 AND secret IS NOT NULL`, millis(now))
		if err != nil {
			return fmt.Errorf("pruning the secrets of enrollments: %w", err)
		}
		return nil
	})
}
