package store

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Audit appends a record to this node's chain when the transaction is committed.
func (tx *Tx) Audit(r Record) error {
	if tx.failed != nil {
		return fmt.Errorf("appending an audit record after a statement that failed: %w", tx.failed)
	}
	for _, text := range []*string{&r.Decision, &r.Event, &r.Reason, &r.User, &r.Client, &r.CallingStation, &r.Actor.Name, &r.Detail} {
		*text = storable(*text)
	}
	tx.audited = append(tx.audited, r)
	return nil
}

// storable is a text that every database takes and gives back as it is.
func storable(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// appendStatement appends so many records at once.
type appendStatement struct {
	records int
	query   string
}

const recordColumns = "node, seq, at, decision, event, reason, user_name, client, calling_station, actor_uid, actor_name, detail, mac"

// appendStatements are few, for each is prepared by each writer; the largest first.
func appendStatements(dialect Dialect) []appendStatement {
	columns := strings.Count(recordColumns, ",") + 1
	var statements []appendStatement
	for _, records := range []int{16, 4, 1} {
		rows := make([]string, records)
		for i := range rows {
			rows[i] = "(" + dialect.places(i*columns+1, columns) + ")"
		}
		query := "INSERT INTO audit (" + recordColumns + ") VALUES " + strings.Join(rows, ", ")
		statements = append(statements, appendStatement{records, query})
	}
	return statements
}

// appendRecords writes the records of all updates of the transaction behind the
// end of the chain. Nobody else of this process may do so meanwhile, and until
// it is committed. Their time is that of the appending, so that it goes up along
// the chain.
func (tx *Tx) appendRecords() error {
	seq, mac, err := tx.AuditHead()
	if err != nil {
		return err
	}
	now := tx.store.now()
	arguments := make([]any, 0, len(tx.audited)*(strings.Count(recordColumns, ",")+1))
	for _, r := range tx.audited {
		seq++
		r.Node, r.Seq, r.At = tx.store.node, seq, now
		mac = tx.store.chain(mac, r)
		arguments = append(arguments, r.Node, r.Seq, millis(r.At), r.Decision, r.Event, r.Reason, r.User, r.Client, r.CallingStation,
			r.Actor.UID, r.Actor.Name, r.Detail, mac)
	}
	left, columns := len(tx.audited), len(arguments)/len(tx.audited)
	for _, statement := range tx.store.appends {
		for ; left >= statement.records; left -= statement.records {
			first := (len(tx.audited) - left) * columns
			if _, err := tx.exec(statement.query, arguments[first:first+statement.records*columns]...); err != nil {
				return fmt.Errorf("appending audit records: %w", err)
			}
		}
	}
	return nil
}
