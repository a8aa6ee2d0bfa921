package store

import "fmt"

// RecentRecords returns a user's newest records of all nodes, newest first.
func (tx *Tx) RecentRecords(user string, limit int) ([]Record, error) {
	records, _, err := tx.records(`WHERE user_name = $1 ORDER BY at DESC, node, seq DESC LIMIT $2`, user, limit)
	return records, err
}

// RecentRefusals returns a user's newest failures before the first factor,
// newest first.
func (tx *Tx) RecentRefusals(user string, limit int) (refusals []Refusals, err error) {
	rows, err := tx.query(`SELECT minute, reason, client, source, sum(count) FROM refusals WHERE user_name = $1
		GROUP BY minute, reason, client, source ORDER BY minute DESC LIMIT $2`, user, limit)
	if err != nil {
		return nil, fmt.Errorf("reading refusals: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Refusals
		var minute int64
		if err := rows.Scan(&minute, &r.Reason, &r.Client, &r.Source, &r.Count); err != nil {
			return nil, fmt.Errorf("reading refusals: %w", err)
		}
		r.Minute = fromMillis(minute)
		refusals = append(refusals, r)
	}
	return refusals, rows.Err()
}
