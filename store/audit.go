package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// Record is one entry of the audit log: a decision or a change. It holds no
// secret, code or password. What isn't UTF-8 in its texts, or is a zero octet,
// is replaced by U+FFFD.
type Record struct {
	Node           string // whose chain it is in
	Seq            int64  // within the chain of its node, from 1
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

// chain is the MAC of a record and of the MAC before it.
func (s *Store) chain(previous []byte, r Record) []byte {
	return s.MAC(PurposeAudit, previous, []byte(r.Node), number(r.Seq), number(r.At.UnixMilli()), []byte(r.Decision), []byte(r.Event),
		[]byte(r.Reason), []byte(r.User), []byte(r.Client), []byte(r.CallingStation), number(r.Actor.UID), []byte(r.Actor.Name), []byte(r.Detail))
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// AuditHead returns the number and the MAC of this node's newest record, 0 and
// nil before the first. Kept elsewhere, it proves later that nothing was cut off.
func (tx *Tx) AuditHead() (seq int64, mac []byte, err error) {
	found, err := tx.row(`SELECT seq, mac FROM audit WHERE node = $1 ORDER BY seq DESC LIMIT 1`, []any{tx.store.node}, &seq, &mac)
	if err == nil && !found { // none yet, or all were pruned
		_, err = tx.row(`SELECT seq, mac FROM audit_anchors WHERE node = $1`, []any{tx.store.node}, &seq, &mac)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("reading the end of the audit chain: %w", err)
	}
	return seq, mac, nil
}

// AuditMAC returns the MAC of one record of a chain, or of the last one that was
// pruned. found is false where it isn't there, or no more.
func (s *Store) AuditMAC(ctx context.Context, node string, seq int64) (mac []byte, found bool, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		found, err = tx.row(`SELECT mac FROM audit WHERE node = $1 AND seq = $2`, []any{node, seq}, &mac)
		if err == nil && !found {
			found, err = tx.row(`SELECT mac FROM audit_anchors WHERE node = $1 AND seq = $2`, []any{node, seq}, &mac)
		}
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("reading the MAC of an audit record: %w", err)
	}
	return mac, found, nil
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
