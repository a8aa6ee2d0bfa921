package store

import (
	"context"
	"fmt"
)

// Progress is how far a user has come: the account without its devices and
// codes, and whether there is a device.
type Progress struct {
	Account
	Enrolled bool
}

// Progresses returns at most limit users whose names come after a name, by name.
// It is one question for the page, for reports of any length.
func (s *Store) Progresses(ctx context.Context, after string, limit int) (progresses []Progress, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		rows, err := tx.query(`SELECT `+accountColumns+`, EXISTS (SELECT 1 FROM devices WHERE user_name = users.name)
			FROM users WHERE name > $1 ORDER BY name LIMIT $2`, after, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p Progress
			if p.Account, err = scanAccount(withColumn{rows, &p.Enrolled}); err != nil {
				return err
			}
			progresses = append(progresses, p)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("reading how far users have come: %w", err)
	}
	return progresses, nil
}

// withColumn scans one more column behind those of an account.
type withColumn struct {
	row  interface{ Scan(...any) error }
	into any
}

func (w withColumn) Scan(columns ...any) error { return w.row.Scan(append(columns, w.into)...) }
