package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// LogQuery selects audit records; what is empty selects all.
type LogQuery struct {
	User, Client, Reason, Event, Decision string
	Since, Until                          time.Time
	// After continues behind an earlier answer: for each node the number of the
	// last record that was looked at. nil: the newest records are wanted.
	After map[string]int64
	Limit int
}

// logPage is how many records are read at a time.
const logPage = 1000

func (q LogQuery) selects(r Record) bool {
	for _, c := range []struct{ wanted, is string }{{q.User, r.User}, {q.Client, r.Client}, {q.Reason, r.Reason}, {q.Event, r.Event}, {q.Decision, r.Decision}} {
		if c.wanted != "" && c.wanted != c.is {
			return false
		}
	}
	return !r.At.Before(q.Since) && (q.Until.IsZero() || r.At.Before(q.Until))
}

// Log returns at most q.Limit records that q selects, oldest first, of all nodes,
// and where to go on from.
func (s *Store) Log(ctx context.Context, q LogQuery) (records []Record, next map[string]int64, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		if q.After != nil {
			records, next, err = tx.logForward(q)
			return err
		}
		records, next, err = tx.logNewest(q)
		return err
	})
	return records, next, err
}

func (tx *Tx) logForward(q LogQuery) (found []Record, next map[string]int64, err error) {
	nodes, err := tx.auditNodes()
	next = make(map[string]int64)
	for _, node := range nodes {
		next[node] = q.After[node]
		for more := err == nil; more && len(found) < q.Limit; {
			var page []Record
			page, _, err = tx.records(`WHERE node = $1 AND seq > $2 ORDER BY seq LIMIT $3`, node, next[node], logPage)
			more = err == nil && len(page) == logPage
			for _, r := range page {
				if len(found) == q.Limit {
					break
				}
				next[node] = r.Seq
				if q.selects(r) {
					found = append(found, r)
				}
			}
		}
	}
	sortByTime(found)
	return found, next, err
}

func (tx *Tx) logNewest(q LogQuery) (found []Record, next map[string]int64, err error) {
	nodes, err := tx.auditNodes()
	if err != nil {
		return nil, nil, err
	}
	next = make(map[string]int64)
	for _, node := range nodes {
		newest, _, err := tx.records(`WHERE node = $1 ORDER BY seq DESC LIMIT 1`, node)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range newest {
			next[node] = r.Seq
		}
	}
	if q.User != "" { // by the index of users
		found, err = q.backward(func(before Record, limit int) ([]Record, error) {
			page, _, err := tx.records(`WHERE user_name = $1 AND (at < $2 OR at = $2 AND (node > $3 OR node = $3 AND seq < $4))
				ORDER BY at DESC, node, seq DESC LIMIT $5`, q.User, millis(before.At), before.Node, before.Seq, limit)
			return page, err
		})
		found = slices.DeleteFunc(found, func(r Record) bool { return r.Seq > next[r.Node] })
		sortByTime(found)
		return found, next, err
	}
	for _, node := range nodes {
		some, err := q.backward(func(before Record, limit int) ([]Record, error) {
			page, _, err := tx.records(`WHERE node = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3`, node, before.Seq, limit)
			return page, err
		})
		if err != nil {
			return nil, nil, err
		}
		found = append(found, some...)
	}
	found = slices.DeleteFunc(found, func(r Record) bool { return r.Seq > next[r.Node] }) // appended meanwhile: next leads to it
	sortByTime(found)
	return found[max(0, len(found)-q.Limit):], next, nil
}

// backward looks from the newest record back, until enough are found or all
// further ones are older than is asked for. page returns records before one.
func (q LogQuery) backward(page func(before Record, limit int) ([]Record, error)) (found []Record, err error) {
	limit := min(max(q.Limit, 1), logPage)
	before := Record{At: time.UnixMilli(math.MaxInt64), Seq: math.MaxInt64}
	for {
		records, err := page(before, limit)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if q.selects(r) {
				found = append(found, r)
			}
			if len(found) >= q.Limit || r.At.Before(q.Since) {
				return found, nil
			}
		}
		if len(records) < limit {
			return found, nil
		}
		before, limit = records[len(records)-1], logPage
	}
}

func sortByTime(records []Record) {
	slices.SortStableFunc(records, func(a, b Record) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Seq, b.Seq))
	})
}

// auditNodes are the nodes that have a chain, or had one before it was pruned.
func (tx *Tx) auditNodes() ([]string, error) {
	anchored, err := tx.names(`SELECT node FROM audit_anchors`)
	if err != nil {
		return nil, err
	}
	nodes := anchored
	for last := ""; ; { // DISTINCT would read every record
		var node *string
		if _, err := tx.row(`SELECT min(node) FROM audit WHERE node > $1`, []any{last}, &node); err != nil {
			return nil, err
		}
		if node == nil {
			break
		}
		last = *node
		if !slices.Contains(nodes, last) {
			nodes = append(nodes, last)
		}
	}
	slices.Sort(nodes)
	return nodes, nil
}

// records returns the records that a clause selects, and their MACs.
func (tx *Tx) records(which string, arguments ...any) (records []Record, macs [][]byte, err error) {
	rows, err := tx.query(`SELECT `+recordColumns+` FROM audit `+which, arguments...)
	if err != nil {
		return nil, nil, fmt.Errorf("reading audit records: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Record
		var at int64
		var mac []byte
		if err := rows.Scan(&r.Node, &r.Seq, &at, &r.Decision, &r.Event, &r.Reason, &r.User, &r.Client, &r.CallingStation,
			&r.Actor.UID, &r.Actor.Name, &r.Detail, &mac); err != nil {
			return nil, nil, fmt.Errorf("reading audit records: %w", err)
		}
		r.At = fromMillis(at)
		records, macs = append(records, r), append(macs, mac)
	}
	return records, macs, rows.Err()
}
