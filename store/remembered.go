package store

import (
	"fmt"
)

const rememberedColumns = `user_name, mac, client, calling_station, epoch, created_at, expires_at`

// Remember keeps a full login, in place of an earlier one from the same device.
func (tx *Tx) Remember(r Remembered) error {
	_, err := tx.exec(`INSERT INTO remembered (`+rememberedColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (user_name, mac) DO UPDATE SET client = excluded.client, calling_station = excluded.calling_station,
		epoch = excluded.epoch, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		r.User, r.MAC, r.Client, r.CallingStation, r.Epoch, millis(r.CreatedAt), millis(r.ExpiresAt))
	if err != nil {
		return fmt.Errorf("remembering a login: %w", err)
	}
	return nil
}

// Remembered finds a login that is remembered. Whether it still counts, by its
// epoch and its times, is for the caller.
func (tx *Tx) Remembered(user string, mac []byte) (r Remembered, found bool, err error) {
	var created, expires int64
	found, err = tx.row(`SELECT `+rememberedColumns+` FROM remembered WHERE user_name = $1 AND mac = $2`, []any{user, mac},
		&r.User, &r.MAC, &r.Client, &r.CallingStation, &r.Epoch, &created, &expires)
	if err != nil {
		return Remembered{}, false, fmt.Errorf("reading a remembered login: %w", err)
	}
	r.CreatedAt, r.ExpiresAt = fromMillis(created), fromMillis(expires)
	return r, found, nil
}

// RememberedLogins are all that are kept of a user, newest first.
func (tx *Tx) RememberedLogins(user string) (logins []Remembered, err error) {
	rows, err := tx.query(`SELECT `+rememberedColumns+` FROM remembered WHERE user_name = $1 ORDER BY created_at DESC, mac`, user)
	if err != nil {
		return nil, fmt.Errorf("reading the remembered logins: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Remembered
		var created, expires int64
		if err := rows.Scan(&r.User, &r.MAC, &r.Client, &r.CallingStation, &r.Epoch, &created, &expires); err != nil {
			return nil, fmt.Errorf("reading the remembered logins: %w", err)
		}
		r.CreatedAt, r.ExpiresAt = fromMillis(created), fromMillis(expires)
		logins = append(logins, r)
	}
	return logins, rows.Err()
}

// ForgetLogins ends all remembered logins of a user, and says how many there were.
func (tx *Tx) ForgetLogins(user string) (int64, error) {
	forgotten, err := tx.exec(`DELETE FROM remembered WHERE user_name = $1`, user)
	if err != nil {
		return 0, fmt.Errorf("forgetting remembered logins: %w", err)
	}
	return forgotten, nil
}
