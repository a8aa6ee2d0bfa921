package store

import (
	"context"
	"time"
)

// Counts are the sizes that status shows.
type Counts struct {
	Users, Enrolled int
	Exempt          []Exemption // the first of them, by name
	Required        int
}

// Exemption is a user who isn't asked, why, and until when; zero: for good.
type Exemption struct {
	User, Reason string
	Until        time.Time
}

const exemptShown = 100

// Count counts. It reads every user: not for the path of a login.
func (s *Store) Count(ctx context.Context) (counts Counts, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		for _, count := range []struct {
			query string
			into  *int
		}{
			{`SELECT count(*) FROM users`, &counts.Users},
			{`SELECT count(DISTINCT user_name) FROM devices`, &counts.Enrolled},
			{`SELECT count(*) FROM users WHERE policy = 'required'`, &counts.Required},
		} {
			if _, err := tx.row(count.query, nil, count.into); err != nil {
				return err
			}
		}
		counts.Exempt, err = tx.exemptions()
		return err
	})
	return counts, err
}

func (tx *Tx) exemptions() (exemptions []Exemption, err error) {
	rows, err := tx.query(`SELECT name, policy_reason, policy_until FROM users
		WHERE policy = 'exempt' AND (policy_until = 0 OR policy_until > $1) ORDER BY name LIMIT $2`, millis(tx.now), exemptShown)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e Exemption
		var until int64
		if err := rows.Scan(&e.User, &e.Reason, &until); err != nil {
			return nil, err
		}
		e.Until = fromMillis(until)
		exemptions = append(exemptions, e)
	}
	return exemptions, rows.Err()
}

func (tx *Tx) names(query string, arguments ...any) ([]string, error) {
	rows, err := tx.query(query, arguments...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Names returns at most limit names after a name, in order.
func (s *Store) Names(ctx context.Context, after string, limit int) (names []string, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		names, err = tx.names(`SELECT name FROM users WHERE name > $1 ORDER BY name LIMIT $2`, after, limit)
		return err
	})
	return names, err
}
