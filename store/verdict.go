package store

import (
	"fmt"
	"time"
)

// AddVerdict keeps the answer that a login got, under a MAC of what identifies
// the login. An older answer under that MAC is replaced.
func (tx *Tx) AddVerdict(mac []byte, answer string, expires time.Time) error {
	_, err := tx.exec(`INSERT INTO verdicts (mac, answer, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (mac) DO UPDATE SET answer = excluded.answer, expires_at = excluded.expires_at`, mac, answer, millis(expires))
	if err != nil {
		return fmt.Errorf("keeping a verdict: %w", err)
	}
	return nil
}

// Verdict returns the answer kept under a MAC, while it lives.
func (tx *Tx) Verdict(mac []byte) (answer string, found bool, err error) {
	found, err = tx.row(`SELECT answer FROM verdicts WHERE mac = $1 AND expires_at > $2`, []any{mac, millis(tx.now)}, &answer)
	if err != nil {
		return "", false, fmt.Errorf("reading a verdict: %w", err)
	}
	return answer, found, nil
}
