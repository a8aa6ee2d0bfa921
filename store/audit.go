package store

import (
	"crypto/hmac"
	"encoding/binary"
	"fmt"
	"time"
)

// Record is one entry of the audit log: a decision or a change. It holds no
// secret, code or password.
type Record struct {
	Seq            int64 // within the chain of its node, from 1
	At             time.Time
	Decision       string // id of the decision; "" for changes
	Event          string // "login", or what was changed
	Reason         string
	User           string
	Client         string
	CallingStation string
	Actor          Actor
	Detail         string
}

// auditHead is the end of this node's chain.
type auditHead struct {
	seq int64
	mac []byte
}

// Audit appends a record to this node's chain.
func (tx *Tx) Audit(r Record) error {
	if tx.head == nil {
		tx.head = new(auditHead)
		if _, err := tx.row(`SELECT seq, mac FROM audit WHERE node = $1 ORDER BY seq DESC LIMIT 1`,
			[]any{tx.store.node}, &tx.head.seq, &tx.head.mac); err != nil {
			return fmt.Errorf("reading the end of the audit chain: %w", err)
		}
	}
	r.Seq, r.At = tx.head.seq+1, tx.now
	mac := tx.store.chain(tx.head.mac, r)
	_, err := tx.exec(`INSERT INTO audit (node, seq, at, decision, event, reason, user_name, client, calling_station, actor_uid, actor_name, detail, mac)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		tx.store.node, r.Seq, millis(r.At), r.Decision, r.Event, r.Reason, r.User, r.Client, r.CallingStation, r.Actor.UID, r.Actor.Name, r.Detail, mac)
	if err != nil {
		return fmt.Errorf("appending an audit record: %w", err)
	}
	tx.head.seq, tx.head.mac = r.Seq, mac
	return nil
}

// chain is the MAC of a record and of the MAC before it.
func (s *Store) chain(previous []byte, r Record) []byte {
	return s.MAC(PurposeAudit, previous, []byte(s.node), number(r.Seq), number(r.At.UnixMilli()), []byte(r.Decision), []byte(r.Event),
		[]byte(r.Reason), []byte(r.User), []byte(r.Client), []byte(r.CallingStation), number(r.Actor.UID), []byte(r.Actor.Name), []byte(r.Detail))
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// AuditHead returns the number and the MAC of this node's newest record, 0 and
// nil before the first. Kept elsewhere, it proves later that nothing was cut off.
func (tx *Tx) AuditHead() (seq int64, mac []byte, err error) {
	_, err = tx.row(`SELECT seq, mac FROM audit WHERE node = $1 ORDER BY seq DESC LIMIT 1`, []any{tx.store.node}, &seq, &mac)
	return seq, mac, err
}

// Records returns this node's records with numbers above after, oldest first;
// user "" means all users.
func (tx *Tx) Records(user string, after int64, limit int) ([]Record, error) {
	records, _, err := tx.records(user, after, limit)
	return records, err
}

// RecentRecords returns a user's newest records of all nodes, newest first.
func (tx *Tx) RecentRecords(user string, limit int) ([]Record, error) {
	records, _, err := tx.scanRecords(`WHERE user_name = $1 ORDER BY at DESC, seq DESC LIMIT $2`, user, limit)
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

func (tx *Tx) records(user string, after int64, limit int) (records []Record, macs [][]byte, err error) {
	return tx.scanRecords(`WHERE node = $1 AND seq > $2 AND ($3 = '' OR user_name = $3) ORDER BY seq LIMIT $4`, tx.store.node, after, user, limit)
}

func (tx *Tx) scanRecords(which string, arguments ...any) (records []Record, macs [][]byte, err error) {
	rows, err := tx.query(`SELECT seq, at, decision, event, reason, user_name, client, calling_station, actor_uid, actor_name, detail, mac
		FROM audit `+which, arguments...)
	if err != nil {
		return nil, nil, fmt.Errorf("reading audit records: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Record
		var at int64
		var mac []byte
		if err := rows.Scan(&r.Seq, &at, &r.Decision, &r.Event, &r.Reason, &r.User, &r.Client, &r.CallingStation,
			&r.Actor.UID, &r.Actor.Name, &r.Detail, &mac); err != nil {
			return nil, nil, fmt.Errorf("reading audit records: %w", err)
		}
		r.At = fromMillis(at)
		records, macs = append(records, r), append(macs, mac)
	}
	return records, macs, rows.Err()
}

// VerifyAudit walks this node's chain and returns the number of the first
// record that doesn't fit the one before it; 0: the chain holds.
func (tx *Tx) VerifyAudit() (broken int64, err error) {
	var previous []byte
	for after := int64(0); ; {
		records, macs, err := tx.records("", after, 1000)
		if err != nil || len(records) == 0 {
			return 0, err
		}
		for i, r := range records {
			if r.Seq != after+1 || !hmac.Equal(macs[i], tx.store.chain(previous, r)) {
				return r.Seq, nil
			}
			previous, after = macs[i], r.Seq
		}
	}
}

// CountRefusal counts a failure before the first factor, in the minute it fell in.
func (tx *Tx) CountRefusal(reason, client, source, user string) error {
	_, err := tx.exec(`INSERT INTO refusals (node, minute, reason, client, source, user_name, count) VALUES ($1, $2, $3, $4, $5, $6, 1)
		ON CONFLICT (node, minute, reason, client, source, user_name) DO UPDATE SET count = refusals.count + 1`,
		tx.store.node, millis(tx.now.Truncate(time.Minute)), reason, client, source, user)
	if err != nil {
		return fmt.Errorf("counting a refusal: %w", err)
	}
	return nil
}
