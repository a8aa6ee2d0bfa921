package store

import (
	"context"
	"fmt"
	"time"
)

// SaveSession keeps the data of a web session under a hash of its token. old is
// the data that it takes the place of: where something else is there by now, or
// nothing, that stays, and saved is false. nil: the token is new. Data is opaque
// to the store.
func (s *Store) SaveSession(ctx context.Context, token string, old, data []byte, expires time.Time) (saved bool, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		var changed int64
		if old == nil {
			changed, err = tx.exec(`INSERT INTO sessions (token, data, expires_at) VALUES ($1, $2, $3) ON CONFLICT (token) DO NOTHING`,
				token, data, millis(expires))
		} else {
			changed, err = tx.exec(`UPDATE sessions SET data = $3, expires_at = $4 WHERE token = $1 AND data = $2`,
				token, old, data, millis(expires))
		}
		saved = changed == 1
		if err != nil {
			return fmt.Errorf("keeping a session: %w", err)
		}
		return nil
	})
	return saved, err
}

// Session returns the data of a session that hasn't expired.
func (s *Store) Session(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		found, err = tx.row(`SELECT data FROM sessions WHERE token = $1 AND expires_at > $2`, []any{token, millis(tx.now)}, &data)
		return err
	})
	return data, found, err
}

// RemoveSession ends a session; where old isn't nil, only as long as that is its
// data.
func (s *Store) RemoveSession(ctx context.Context, token string, old []byte) (removed bool, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		changed, err := tx.exec(`DELETE FROM sessions WHERE token = $1 AND ($2 OR data = $3)`, token, old == nil, old)
		removed = changed == 1
		if err != nil {
			return fmt.Errorf("ending a session: %w", err)
		}
		return nil
	})
	return removed, err
}
