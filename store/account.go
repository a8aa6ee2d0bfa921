package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const accountColumns = `name, created_at, disabled, policy, password_hash, epoch, ever_enrolled, reset_by_hand_at,
	reset_at, policy_at, policy_reason, policy_until, seen_groups, failures, failed_at, lock_level, locked_until, failed_field`

// Account returns a user with the devices; found is false where the store
// knows nothing of the name. In an Update the account can't change until the
// transaction ends.
func (tx *Tx) Account(name string) (account Account, found bool, err error) {
	if account, found := tx.takeAhead(name); found {
		return account, true, nil
	}
	var forUpdate string
	if tx.write {
		forUpdate = tx.store.dialect.ForUpdate
	}
	err = tx.eachAccount(func(a Account) { account, found = a, true },
		`SELECT `+accountColumns+` FROM users WHERE name = $1`+forUpdate, name)
	if err != nil {
		return Account{}, false, fmt.Errorf("reading an account: %w", err)
	}
	if found {
		account.Devices, err = tx.devices(name)
	}
	return account, found, err
}

// eachAccount hands over what a query of accountColumns finds.
func (tx *Tx) eachAccount(take func(Account), query string, arguments ...any) error {
	rows, err := tx.query(query, arguments...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		account, err := scanAccount(rows)
		if err != nil {
			return err
		}
		take(account)
	}
	return tx.fault(rows.Err())
}

func scanAccount(row interface{ Scan(...any) error }) (Account, error) {
	var a Account
	var created, byHand, reset, policy, policyUntil, failed, until int64
	var groups string
	err := row.Scan(&a.Name, &created, &a.Disabled, &a.Policy, &a.PasswordHash, &a.Epoch, &a.EverEnrolled, &byHand,
		&reset, &policy, &a.PolicyReason, &policyUntil, &groups, &a.Lock.Failures, &failed, &a.Lock.Level, &until, &a.Lock.Field)
	a.CreatedAt, a.ResetByHandAt = fromMillis(created), fromMillis(byHand)
	a.ResetAt, a.PolicyAt, a.PolicyUntil = fromMillis(reset), fromMillis(policy), fromMillis(policyUntil)
	a.Lock.FailedAt, a.Lock.Until = fromMillis(failed), fromMillis(until)
	if err == nil && groups != "" {
		kept := seenGroups{}
		err = json.Unmarshal([]byte(groups), &kept)
		a.GroupsOf, a.Groups = kept.Of, kept.Groups
	}
	return a, err
}

// AddAccount makes an empty account, unless the name has one. The epoch starts
// at the time of day, so that a name that was deleted and added again never
// reaches an epoch that it had before.
func (tx *Tx) AddAccount(name string) (added bool, err error) {
	changed, err := tx.exec(`INSERT INTO users (name, created_at, epoch) VALUES ($1, $2, $2) ON CONFLICT (name) DO NOTHING`,
		name, millis(tx.now))
	if err != nil {
		return false, fmt.Errorf("adding an account: %w", err)
	}
	return changed == 1, nil
}

// NoteAccount makes an account of a user whom another first factor knows, unless
// there is one. When it was created isn't known, and nothing is counted from here.
func (tx *Tx) NoteAccount(name string) (added bool, err error) {
	changed, err := tx.exec(`INSERT INTO users (name, created_at, epoch) VALUES ($1, 0, $2) ON CONFLICT (name) DO NOTHING`, name, millis(tx.now))
	if err != nil {
		return false, fmt.Errorf("noting an account: %w", err)
	}
	return changed == 1, nil
}

// DeleteAccount removes the user and all that the user has, but not the audit records.
func (tx *Tx) DeleteAccount(name string) (deleted bool, err error) {
	if err := errors.Join(tx.RemoveStates(name), tx.RemoveEnrollments(name)); err != nil {
		return false, fmt.Errorf("deleting what is under way: %w", err)
	}
	changed, err := tx.exec(`DELETE FROM users WHERE name = $1`, name)
	if err != nil {
		return false, fmt.Errorf("deleting an account: %w", err)
	}
	return changed == 1, nil
}

// SetPasswordHash and SetDisabled change one column each.
func (tx *Tx) SetPasswordHash(name, hash string) error {
	return tx.change(name, `UPDATE users SET password_hash = $2 WHERE name = $1`, hash)
}

func (tx *Tx) SetDisabled(name string, disabled bool) error {
	return tx.change(name, `UPDATE users SET disabled = $2 WHERE name = $1`, disabled)
}

// SetPolicy sets the user's own policy, why, and until when; zero: for good.
func (tx *Tx) SetPolicy(name string, policy UserPolicy, reason string, until time.Time) error {
	return tx.change(name, `UPDATE users SET policy = $2, policy_at = $3, policy_reason = $4, policy_until = $5 WHERE name = $1`,
		string(policy), millis(tx.now), reason, millis(until))
}

// seenGroups is how groups are kept.
type seenGroups struct {
	Of     string   `json:"of"`
	Groups []string `json:"groups"`
}

// SetGroups keeps the groups that a first factor said the user is in, of a list
// of them that has a name.
func (tx *Tx) SetGroups(name, of string, groups []string) error {
	octets, err := json.Marshal(seenGroups{of, groups})
	if err != nil {
		return fmt.Errorf("keeping groups: %w", err)
	}
	return tx.change(name, `UPDATE users SET seen_groups = $2 WHERE name = $1`, string(octets))
}

// RaiseEpoch voids the user's States, tickets, sessions and remembered logins.
func (tx *Tx) RaiseEpoch(name string) error {
	return tx.change(name, `UPDATE users SET epoch = epoch + 1 WHERE name = $1`)
}

// SetReset notes that a user who was enrolled has no device from now on.
func (tx *Tx) SetReset(name string) error {
	return tx.change(name, `UPDATE users SET reset_at = $2 WHERE name = $1`, millis(tx.now))
}

// SetLock keeps the state of the lockout.
func (tx *Tx) SetLock(name string, lock Lock) error {
	return tx.change(name, `UPDATE users SET failures = $2, failed_at = $3, lock_level = $4, locked_until = $5, failed_field = $6 WHERE name = $1`,
		lock.Failures, millis(lock.FailedAt), lock.Level, millis(lock.Until), lock.Field)
}

// ClearResetByHand takes the note of a reset by hand away.
func (tx *Tx) ClearResetByHand(name string) error {
	return tx.change(name, `UPDATE users SET reset_by_hand_at = 0 WHERE name = $1`)
}

func (tx *Tx) change(name, query string, arguments ...any) error {
	changed, err := tx.exec(query, append([]any{name}, arguments...)...)
	if err != nil {
		return fmt.Errorf("changing an account: %w", err)
	}
	if changed != 1 {
		return fmt.Errorf("changing an account: %d rows have the name", changed)
	}
	return nil
}

// PasswordHash returns the hash of a local account, "" where it has none; known
// is false where there is no such account.
func (s *Store) PasswordHash(ctx context.Context, name string) (hash string, known bool, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		known, err = tx.row(`SELECT password_hash FROM users WHERE name = $1`, []any{name}, &hash)
		return err
	})
	return hash, known, err
}

// Account is Tx.Account outside of a transaction.
func (s *Store) Account(ctx context.Context, name string) (account Account, found bool, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		account, found, err = tx.Account(name)
		return err
	})
	return account, found, err
}

// fill adds what stands in other tables.
func (tx *Tx) fill(account *Account) (err error) {
	if account.Devices, err = tx.devices(account.Name); err != nil {
		return err
	}
	if account.RecoveryCodes, err = tx.RecoveryCodesLeft(account.Name); err != nil {
		return err
	}
	account.TemporaryCodes, _, err = tx.TemporaryCodesLeft(account.Name)
	return err
}

// FullAccount is Account with the number of codes left.
func (s *Store) FullAccount(ctx context.Context, name string) (account Account, found bool, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		if account, found, err = tx.Account(name); err != nil || !found {
			return err
		}
		return tx.fill(&account)
	})
	return account, found, err
}

// LastUsedAt is when a code of any device was last accepted; zero: never.
func (a Account) LastUsedAt() time.Time {
	var last time.Time
	for _, device := range a.Devices {
		if device.UsedAt.After(last) {
			last = device.UsedAt
		}
	}
	return last
}
