package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// AddNotice puts a notice into the outbox, to be delivered when this is committed.
func (tx *Tx) AddNotice(n Notice) error {
	_, err := tx.exec(`INSERT INTO outbox (id, channel, user_name, event, at, address, device, actor, tries, next_try_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $5)`,
		randomID(), n.Channel, n.User, n.Event, millis(tx.now), n.Address, n.Device, n.Actor)
	if err != nil {
		return fmt.Errorf("keeping a notice: %w", err)
	}
	return nil
}

// ClaimNotices returns at most limit notices that are due, oldest first, and
// keeps them from all others for the length of a lease.
func (s *Store) ClaimNotices(ctx context.Context, lease time.Duration, limit int) (notices []Notice, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		notices, err = tx.claimNotices(lease, limit)
		return err
	})
	return notices, err
}

func (tx *Tx) claimNotices(lease time.Duration, limit int) (notices []Notice, err error) {
	rows, err := tx.query(`SELECT id, channel, user_name, event, at, address, device, actor, tries FROM outbox
		WHERE next_try_at <= $1 ORDER BY next_try_at, id LIMIT $2`, millis(tx.now), limit)
	if err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	defer rows.Close()
	var due []Notice
	for rows.Next() {
		var n Notice
		var at int64
		if err := rows.Scan(&n.ID, &n.Channel, &n.User, &n.Event, &at, &n.Address, &n.Device, &n.Actor, &n.Tries); err != nil {
			return nil, fmt.Errorf("reading the outbox: %w", err)
		}
		n.At = fromMillis(at)
		n.Tries++
		due = append(due, n)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	for _, n := range due {
		changed, err := tx.exec(`UPDATE outbox SET tries = $2, next_try_at = $3 WHERE id = $1 AND next_try_at <= $4`,
			n.ID, n.Tries, millis(tx.now.Add(lease)), millis(tx.now))
		if err != nil {
			return nil, fmt.Errorf("claiming a notice: %w", err)
		}
		if changed == 1 { // else another node was faster
			notices = append(notices, n)
		}
	}
	return notices, nil
}

// RetryNotice puts a notice that couldn't be delivered off.
func (s *Store) RetryNotice(ctx context.Context, id int64, next time.Time) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(`UPDATE outbox SET next_try_at = $2 WHERE id = $1`, id, millis(next))
		return err
	})
}

// RemoveNotice takes a notice out, delivered or given up.
func (s *Store) RemoveNotice(ctx context.Context, id int64) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(`DELETE FROM outbox WHERE id = $1`, id)
		return err
	})
}
