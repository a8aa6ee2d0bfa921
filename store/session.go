package store

import (
	"context"
	"time"
)

// SaveSession keeps the data of a web session under a hash of its token, in
// place of what was there. Data is opaque to the store.
func (s *Store) SaveSession(ctx context.Context, token string, data []byte, expires time.Time) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO sessions (token, data, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`, token, data, millis(expires))
		return err
	})
}

// Session returns the data of a session that hasn't expired.
func (s *Store) Session(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		found, err = tx.row(`SELECT data FROM sessions WHERE token = $1 AND expires_at > $2`, []any{token, millis(tx.now)}, &data)
		return err
	})
	return data, found, err
}

// RemoveSession ends a session.
func (s *Store) RemoveSession(ctx context.Context, token string) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(`DELETE FROM sessions WHERE token = $1`, token)
		return err
	})
}
