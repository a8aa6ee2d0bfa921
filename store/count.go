package store

import "context"

// Counts are the sizes that status shows.
type Counts struct {
	Users, Enrolled int
	Exempt          []string // the first of them, by name
	Required        int
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
		counts.Exempt, err = tx.names(`SELECT name FROM users WHERE policy = 'exempt' ORDER BY name LIMIT $1`, exemptShown)
		return err
	})
	return counts, err
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
