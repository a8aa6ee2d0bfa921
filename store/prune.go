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

// Prune removes what has expired: States, verdicts, temporary codes,
// enrollments, remembered logins, sessions, notices that couldn't be delivered and the memory of
// removed secrets.
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
			{`DELETE FROM enrollments WHERE expires_at <= $1`, now},
			{`UPDATE enrollments SET secret = NULL, key_id = '', secret_until = 0 WHERE secret_until <= $1 AND secret IS NOT NULL`, now},
			{`DELETE FROM remembered WHERE expires_at <= $1`, now},
			{`DELETE FROM sessions WHERE expires_at <= $1`, now},
			{`DELETE FROM outbox WHERE at <= $1`, millis(tx.now.Add(-noticeFor))},
			{`DELETE FROM retired_secrets WHERE retired_at <= $1`, millis(tx.now.Add(-retiredFor))},
		} {
			if _, err := tx.exec(prune.query, prune.before); err != nil {
				return fmt.Errorf("pruning: %w", err)
			}
		}
		return nil
	})
}
