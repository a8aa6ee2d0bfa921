package store

import (
	"fmt"
	"time"
)

// ReplaceRecoveryCodes removes a user's recovery codes and keeps new ones, by
// their MACs. No MACs: none are left.
func (tx *Tx) ReplaceRecoveryCodes(name string, macs [][]byte) error {
	if _, err := tx.exec(`DELETE FROM recovery_codes WHERE user_name = $1`, name); err != nil {
		return fmt.Errorf("removing recovery codes: %w", err)
	}
	for _, mac := range macs {
		if _, err := tx.exec(`INSERT INTO recovery_codes (user_name, mac) VALUES ($1, $2)`, name, mac); err != nil {
			return fmt.Errorf("keeping a recovery code: %w", err)
		}
	}
	return nil
}

// BurnRecoveryCode takes a recovery code, once.
func (tx *Tx) BurnRecoveryCode(name string, mac []byte) (won bool, err error) {
	changed, err := tx.exec(`DELETE FROM recovery_codes WHERE user_name = $1 AND mac = $2`, name, mac)
	if err != nil {
		return false, fmt.Errorf("burning a recovery code: %w", err)
	}
	return changed == 1, nil
}

// HasRecoveryCode reports whether a recovery code is there and not used.
func (tx *Tx) HasRecoveryCode(name string, mac []byte) (bool, error) {
	var one int
	return tx.row(`SELECT 1 FROM recovery_codes WHERE user_name = $1 AND mac = $2`, []any{name, mac}, &one)
}

// RecoveryCodesLeft counts the recovery codes that were not used.
func (tx *Tx) RecoveryCodesLeft(name string) (left int, err error) {
	_, err = tx.row(`SELECT count(*) FROM recovery_codes WHERE user_name = $1`, []any{name}, &left)
	return left, err
}

// TemporaryCode is a code that stands in for a device for a while.
type TemporaryCode struct {
	MAC       []byte
	Uses      int // at least 1
	ExpiresAt time.Time
	Helpdesk  bool // the helpdesk gave it
}

// AddTemporaryCode keeps a code of a user.
func (tx *Tx) AddTemporaryCode(name string, code TemporaryCode) error {
	if _, err := tx.exec(`INSERT INTO temporary_codes (user_name, mac, uses_left, expires_at, helpdesk) VALUES ($1, $2, $3, $4, $5)`,
		name, code.MAC, code.Uses, millis(code.ExpiresAt), code.Helpdesk); err != nil {
		return fmt.Errorf("keeping a temporary code: %w", err)
	}
	return nil
}

// BurnTemporaryCode takes one use of a live temporary code.
func (tx *Tx) BurnTemporaryCode(name string, mac []byte) (won bool, err error) {
	last, err := tx.exec(`DELETE FROM temporary_codes WHERE user_name = $1 AND mac = $2 AND uses_left = 1 AND expires_at > $3`,
		name, mac, millis(tx.now))
	if err != nil || last == 1 {
		return last == 1, err
	}
	changed, err := tx.exec(`UPDATE temporary_codes SET uses_left = uses_left - 1
		WHERE user_name = $1 AND mac = $2 AND uses_left > 1 AND expires_at > $3`, name, mac, millis(tx.now))
	if err != nil {
		return false, fmt.Errorf("burning a temporary code: %w", err)
	}
	return changed == 1, nil
}

// HasTemporaryCode reports whether a temporary code is live, and whether the
// helpdesk gave it.
func (tx *Tx) HasTemporaryCode(name string, mac []byte) (live, helpdesk bool, err error) {
	live, err = tx.row(`SELECT helpdesk FROM temporary_codes WHERE user_name = $1 AND mac = $2 AND expires_at > $3`,
		[]any{name, mac, millis(tx.now)}, &helpdesk)
	return live, helpdesk, err
}

// TemporaryCodesLeft counts the live temporary codes, and those among them that
// the helpdesk gave.
func (tx *Tx) TemporaryCodesLeft(name string) (left, helpdesk int, err error) {
	_, err = tx.row(`SELECT count(*), count(CASE WHEN helpdesk THEN 1 END) FROM temporary_codes WHERE user_name = $1 AND expires_at > $2`,
		[]any{name, millis(tx.now)}, &left, &helpdesk)
	return left, helpdesk, err
}

// RemoveTemporaryCodes removes all temporary codes of a user.
func (tx *Tx) RemoveTemporaryCodes(name string) error {
	_, err := tx.exec(`DELETE FROM temporary_codes WHERE user_name = $1`, name)
	return err
}
