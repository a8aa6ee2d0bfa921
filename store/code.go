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

// AddTemporaryCode keeps a code for a number of uses until a time.
func (tx *Tx) AddTemporaryCode(name string, mac []byte, uses int, expires time.Time) error {
	if _, err := tx.exec(`INSERT INTO temporary_codes (user_name, mac, uses_left, expires_at) VALUES ($1, $2, $3, $4)`,
		name, mac, uses, millis(expires)); err != nil {
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

// HasTemporaryCode reports whether a temporary code is live.
func (tx *Tx) HasTemporaryCode(name string, mac []byte) (bool, error) {
	var one int
	return tx.row(`SELECT 1 FROM temporary_codes WHERE user_name = $1 AND mac = $2 AND expires_at > $3`,
		[]any{name, mac, millis(tx.now)}, &one)
}

// TemporaryCodesLeft counts the live temporary codes.
func (tx *Tx) TemporaryCodesLeft(name string) (left int, err error) {
	_, err = tx.row(`SELECT count(*) FROM temporary_codes WHERE user_name = $1 AND expires_at > $2`,
		[]any{name, millis(tx.now)}, &left)
	return left, err
}

// RemoveTemporaryCodes removes all temporary codes of a user.
func (tx *Tx) RemoveTemporaryCodes(name string) error {
	_, err := tx.exec(`DELETE FROM temporary_codes WHERE user_name = $1`, name)
	return err
}
