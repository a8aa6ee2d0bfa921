package store

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"
)

const deviceColumns = `user_name, id, label, algorithm, digits, period, last_step, last_field, created_at, used_at, secret`

// devices returns a user's devices, oldest first.
func (tx *Tx) devices(name string) ([]Device, error) {
	var devices []Device
	err := tx.eachDevice(func(d Device) { devices = append(devices, d) },
		`SELECT `+deviceColumns+` FROM devices WHERE user_name = $1 ORDER BY created_at, id`, name)
	if err != nil {
		return nil, fmt.Errorf("reading devices: %w", err)
	}
	return devices, nil
}

// eachDevice hands over what a query of deviceColumns finds.
func (tx *Tx) eachDevice(take func(Device), query string, arguments ...any) error {
	rows, err := tx.query(query, arguments...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var d Device
		var created, used int64
		if err := rows.Scan(&d.User, &d.ID, &d.Label, &d.Algorithm, &d.Digits, &d.Period, &d.LastStep, &d.LastField, &created, &used, &d.Sealed); err != nil {
			return err
		}
		d.CreatedAt, d.UsedAt = fromMillis(created), fromMillis(used)
		take(d)
	}
	return tx.fault(rows.Err())
}

// words are what a device's secret is sealed to.
func (d Device) words() []string {
	return []string{"device", d.User, strconv.FormatInt(d.ID, 10), d.Algorithm}
}

// OpenSecret unseals the secret of a device.
func (s *Store) OpenSecret(d Device) ([]byte, error) {
	secret, err := s.keys.Load().open(d.Sealed, d.words()...)
	if err != nil {
		return nil, fmt.Errorf("opening the secret of device %q: %w", d.Label, err)
	}
	return secret, nil
}

// AddDevice seals the secret and keeps the device under a new ID. A secret that
// the user had before, with that period, comes back with the last step it was
// used for: steps of another period are other numbers, and other codes. It
// returns ErrExists where the user has the label, or the secret with that
// period, already.
func (tx *Tx) AddDevice(d Device, secret []byte) (Device, error) {
	ring := tx.store.keys.Load()
	d.ID, d.CreatedAt = randomID(), tx.now
	d.Sealed = ring.seal(secret, d.words()...)
	mac := tx.store.MAC(PurposeSecret, []byte(d.User), secret, number(int64(d.Period)))
	if _, err := tx.row(`SELECT last_step FROM retired_secrets WHERE user_name = $1 AND secret_mac = $2`,
		[]any{d.User, mac}, &d.LastStep); err != nil {
		return Device{}, fmt.Errorf("looking for an earlier use of the secret: %w", err)
	}
	added, err := tx.exec(`INSERT INTO devices (user_name, id, label, secret, key_id, secret_mac, algorithm, digits, period, last_step, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
		d.User, d.ID, d.Label, d.Sealed, ring.current, mac, d.Algorithm, d.Digits, d.Period, d.LastStep, millis(d.CreatedAt))
	if err != nil {
		return Device{}, fmt.Errorf("adding a device: %w", err)
	}
	if added == 0 {
		return Device{}, ErrExists
	}
	if err := tx.change(d.User, `UPDATE users SET ever_enrolled = TRUE WHERE name = $1`); err != nil {
		return Device{}, err
	}
	return d, nil
}

func randomID() int64 {
	var octets [8]byte
	rand.Read(octets[:])
	return int64(binary.BigEndian.Uint64(octets[:]) >> 1)
}

// RemoveDevice removes the device of a label.
func (tx *Tx) RemoveDevice(name, label string) (removed bool, err error) {
	changed, err := tx.exec(`DELETE FROM devices WHERE user_name = $1 AND label = $2`, name, label)
	if err != nil {
		return false, fmt.Errorf("removing a device: %w", err)
	}
	return changed == 1, nil
}

// RemoveDevices removes all devices of a user.
func (tx *Tx) RemoveDevices(name string) (removed int64, err error) {
	removed, err = tx.exec(`DELETE FROM devices WHERE user_name = $1`, name)
	if err != nil {
		return 0, fmt.Errorf("removing devices: %w", err)
	}
	return removed, nil
}

// HasSecret reports whether a device of the user has this secret with this period.
func (tx *Tx) HasSecret(name string, secret []byte, period int) (bool, error) {
	var one int
	found, err := tx.row(`SELECT 1 FROM devices WHERE user_name = $1 AND secret_mac = $2`,
		[]any{name, tx.store.MAC(PurposeSecret, []byte(name), secret, number(int64(period)))}, &one)
	if err != nil {
		return false, fmt.Errorf("looking for a secret: %w", err)
	}
	return found, nil
}
