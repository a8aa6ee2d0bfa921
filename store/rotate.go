package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
)

// resealBatch is how many secrets one transaction seals anew.
const resealBatch = 200

// SetKeys takes a new list of store keys while the store is open, and seals
// everything anew under the first of them. Keys that seal nothing any more may
// be left out of the next list. It returns ErrWrongKey, and changes nothing,
// where the list doesn't open this database.
func (s *Store) SetKeys(ctx context.Context, keys Keys) error {
	ring, err := newKeyring(keys)
	if err != nil {
		return err
	}
	sealed, err := storedRoot(ctx, s.read, ring)
	if err != nil {
		return err
	}
	if err := ring.openRoot(sealed); err != nil {
		return err
	}
	var foreign string
	err = s.View(ctx, func(tx *Tx) error {
		// Secrets of enrollments aren't sealed anew: they live for minutes, and
		// their key stays until then.
		used, err := tx.names(`SELECT key_id FROM devices UNION SELECT key_id FROM enrollments WHERE secret_until > $1`, millis(tx.now))
		for _, id := range used {
			if _, ok := ring.seals[id]; !ok {
				foreign = id
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("looking for keys in use: %w", err)
	}
	if foreign != "" {
		return fmt.Errorf("%w: secrets are sealed with key %s", ErrWrongKey, foreign)
	}
	s.keys.Store(ring)
	return s.Reseal(ctx)
}

// Reseal seals everything that isn't sealed under the current key anew.
func (s *Store) Reseal(ctx context.Context) error {
	if err := s.Update(ctx, (*Tx).resealRoot); err != nil {
		return fmt.Errorf("sealing the root anew: %w", err)
	}
	for {
		var done int
		err := s.Update(ctx, func(tx *Tx) (err error) {
			done, err = tx.resealDevices()
			return err
		})
		if err != nil {
			return fmt.Errorf("sealing devices anew: %w", err)
		}
		if done < resealBatch {
			return nil
		}
	}
}

func (tx *Tx) resealRoot() error {
	ring := tx.store.keys.Load()
	text, err := tx.Meta("root")
	if err != nil {
		return err
	}
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || sealedUnder(sealed) == ring.current {
		return err
	}
	return tx.SetMeta("root", base64.StdEncoding.EncodeToString(ring.seal(ring.root, rootLabel)))
}

func (tx *Tx) resealDevices() (int, error) {
	ring := tx.store.keys.Load()
	rows, err := tx.query(`SELECT user_name, id, algorithm, secret FROM devices WHERE key_id <> $1 LIMIT $2`, ring.current, resealBatch)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var old []Device
	for rows.Next() {
		var d Device
		if err := rows.Scan(&d.User, &d.ID, &d.Algorithm, &d.Sealed); err != nil {
			return 0, err
		}
		old = append(old, d)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, err
	}
	for _, d := range old {
		secret, err := ring.open(d.Sealed, d.words()...)
		if err != nil {
			return 0, fmt.Errorf("device %d of a user: %w", d.ID, err)
		}
		if _, err := tx.exec(`UPDATE devices SET secret = $1, key_id = $2 WHERE user_name = $3 AND id = $4`,
			ring.seal(secret, d.words()...), ring.current, d.User, d.ID); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}
