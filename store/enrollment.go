package store

import (
	"encoding/hex"
	"fmt"
	"time"
)

const enrollmentColumns = `user_name, id, kind, epoch, client, source, ticket, secret, algorithm, digits, period, secret_until,
	label, replaces, confirmed_step, confirmed_field, confirmed_at, recovery, opened_at, contested, created_at, expires_at`

// AddEnrollment keeps an enrollment that begins. It has no secret yet.
func (tx *Tx) AddEnrollment(e Enrollment) error {
	_, err := tx.exec(`INSERT INTO enrollments (user_name, id, kind, epoch, client, source, ticket, key_id, algorithm, digits, period, secret_until,
		label, replaces, confirmed_step, confirmed_at, opened_at, contested, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9, $10, 0, $11, $12, 0, 0, 0, FALSE, $13, $14)`,
		e.User, e.ID, string(e.Kind), e.Epoch, e.Client, e.Source, e.Ticket, e.Algorithm, e.Digits, e.Period,
		e.Label, e.Replaces, millis(tx.now), millis(e.ExpiresAt))
	if err != nil {
		return fmt.Errorf("keeping an enrollment: %w", err)
	}
	return nil
}

// Enrollment returns a user's enrollment that hasn't expired.
func (tx *Tx) Enrollment(user string, id []byte) (Enrollment, bool, error) {
	return tx.enrollment(`user_name = $1 AND id = $2 AND expires_at > $3`, user, id, millis(tx.now))
}

// EnrollmentByTicket finds the live enrollment that a ticket opens, by its MAC.
func (tx *Tx) EnrollmentByTicket(mac []byte) (Enrollment, bool, error) {
	return tx.enrollment(`ticket = $1 AND expires_at > $2`, mac, millis(tx.now))
}

// EnrollmentOfKind returns a user's newest live enrollment of a kind.
func (tx *Tx) EnrollmentOfKind(user string, kind EnrollmentKind) (Enrollment, bool, error) {
	return tx.enrollment(`user_name = $1 AND kind = $2 AND expires_at > $3 ORDER BY created_at DESC, id LIMIT 1`, user, string(kind), millis(tx.now))
}

func (tx *Tx) enrollment(where string, arguments ...any) (e Enrollment, found bool, err error) {
	var until, confirmed, opened, created, expires int64
	found, err = tx.row(`SELECT `+enrollmentColumns+` FROM enrollments WHERE `+where, arguments,
		&e.User, &e.ID, &e.Kind, &e.Epoch, &e.Client, &e.Source, &e.Ticket, &e.Sealed, &e.Algorithm, &e.Digits, &e.Period, &until,
		&e.Label, &e.Replaces, &e.ConfirmedStep, &e.ConfirmedField, &confirmed, &e.Recovery, &opened, &e.Contested, &created, &expires)
	if err != nil {
		return Enrollment{}, false, fmt.Errorf("reading an enrollment: %w", err)
	}
	e.SecretUntil, e.ConfirmedAt, e.OpenedAt = fromMillis(until), fromMillis(confirmed), fromMillis(opened)
	e.CreatedAt, e.ExpiresAt = fromMillis(created), fromMillis(expires)
	return e, found, nil
}

// words are what an enrollment's secret is sealed to.
func (e Enrollment) words() []string {
	return []string{"enrollment", e.User, hex.EncodeToString(e.ID), e.Algorithm}
}

// SetEnrollmentSecret seals the secret that a user is shown, until a time. What
// was confirmed of an earlier one is void.
func (tx *Tx) SetEnrollmentSecret(e Enrollment, secret []byte, until time.Time) (Enrollment, error) {
	ring := tx.store.keys.Load()
	e.Sealed, e.SecretUntil = ring.seal(secret, e.words()...), until
	e.ConfirmedStep, e.ConfirmedField, e.ConfirmedAt, e.Recovery = 0, nil, time.Time{}, nil
	return e, tx.changeEnrollment(e, `secret = $3, key_id = $4, algorithm = $5, digits = $6, period = $7, secret_until = $8,
		confirmed_step = 0, confirmed_field = NULL, confirmed_at = 0, recovery = NULL`,
		e.Sealed, ring.current, e.Algorithm, e.Digits, e.Period, millis(until))
}

// OpenPending unseals the secret of an enrollment.
func (s *Store) OpenPending(e Enrollment) ([]byte, error) {
	secret, err := s.keys.Load().open(e.Sealed, e.words()...)
	if err != nil {
		return nil, fmt.Errorf("opening the secret of an enrollment: %w", err)
	}
	return secret, nil
}

// OpenEnrollment notes that a browser opened the ticket: of all that try, one wins.
func (tx *Tx) OpenEnrollment(e Enrollment) (won bool, err error) {
	changed, err := tx.exec(`UPDATE enrollments SET opened_at = $3 WHERE user_name = $1 AND id = $2 AND opened_at = 0`, e.User, e.ID, millis(tx.now))
	if err != nil {
		return false, fmt.Errorf("opening an enrollment: %w", err)
	}
	return changed == 1, nil
}

// ContestEnrollment notes that another browser wanted it too.
func (tx *Tx) ContestEnrollment(e Enrollment) error {
	return tx.changeEnrollment(e, `contested = TRUE`)
}

// ExtendEnrollment sets a new end, of the secret too where there is one.
func (tx *Tx) ExtendEnrollment(e Enrollment, expires time.Time) error {
	return tx.changeEnrollment(e, `expires_at = $3, secret_until = CASE WHEN secret IS NULL THEN 0 ELSE CAST($3 AS BIGINT) END`, millis(expires))
}

// ConfirmEnrollment keeps that e was confirmed now, by which code, and its label.
func (tx *Tx) ConfirmEnrollment(e Enrollment) error {
	return tx.changeEnrollment(e, `label = $3, confirmed_step = $4, confirmed_field = $5, recovery = $6, confirmed_at = $7`,
		e.Label, e.ConfirmedStep, e.ConfirmedField, e.Recovery, millis(tx.now))
}

func (tx *Tx) changeEnrollment(e Enrollment, set string, arguments ...any) error {
	changed, err := tx.exec(`UPDATE enrollments SET `+set+` WHERE user_name = $1 AND id = $2`, append([]any{e.User, e.ID}, arguments...)...)
	if err != nil {
		return fmt.Errorf("changing an enrollment: %w", err)
	}
	if changed != 1 {
		return fmt.Errorf("changing an enrollment: %d rows have the id", changed)
	}
	return nil
}

// TakeEnrollment takes an enrollment: of all who ask, one finds it.
func (tx *Tx) TakeEnrollment(user string, id []byte) (taken bool, err error) {
	changed, err := tx.exec(`DELETE FROM enrollments WHERE user_name = $1 AND id = $2`, user, id)
	if err != nil {
		return false, fmt.Errorf("taking an enrollment: %w", err)
	}
	return changed == 1, nil
}

// RemoveEnrollments removes all enrollments of a user that are under way.
func (tx *Tx) RemoveEnrollments(user string) error {
	_, err := tx.exec(`DELETE FROM enrollments WHERE user_name = $1`, user)
	return err
}

// RemoveTickets removes the enrollments of a user that a ticket opens.
func (tx *Tx) RemoveTickets(user string) error {
	_, err := tx.exec(`DELETE FROM enrollments WHERE user_name = $1 AND kind <> 'session'`, user)
	return err
}
