package store

import (
	"context"
	"fmt"
	"time"
)

// Connection is what the accounting of a NAS told of one connection.
type Connection struct {
	// Which one it is: the client that told of it, the NAS behind that, and the
	// id that the NAS gave it. An id can come again; Number counts from 1.
	Client, NAS, Session string
	Number               int64

	User           string // canonical name; the hash of a name that isn't known; "": not told
	CallingStation string
	Address        string // that the connection has, IPv4; "": not told
	Address6       string // and IPv6
	StartedAt      time.Time
	UpdatedAt      time.Time // of the last news
	EndedAt        time.Time // zero: it is open
	TerminateCause string
	InputOctets    int64 // from the user
	OutputOctets   int64 // to the user
}

const connectionColumns = `client, nas, session, number, user_name, calling_station, address, address6,
	started_at, updated_at, ended_at, terminate_cause, input_octets, output_octets`

// Connection returns the newest connection with this id. In an Update it can't
// change until the transaction ends.
func (tx *Tx) Connection(client, nas, session string) (c Connection, found bool, err error) {
	var forUpdate string
	if tx.write {
		forUpdate = tx.store.dialect.ForUpdate
	}
	found, err = tx.connection(`SELECT `+connectionColumns+` FROM connections
		WHERE client = $1 AND nas = $2 AND session = $3 ORDER BY number DESC LIMIT 1`+forUpdate, []any{client, nas, session}, &c)
	if err != nil {
		return Connection{}, false, fmt.Errorf("reading a connection: %w", err)
	}
	return c, found, nil
}

func (tx *Tx) connection(query string, arguments []any, c *Connection) (found bool, err error) {
	rows, err := tx.query(query, arguments...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, tx.fault(rows.Err())
	}
	*c, err = scanConnection(rows)
	return err == nil, err
}

func scanConnection(row interface{ Scan(...any) error }) (c Connection, err error) {
	var started, updated, ended int64
	err = row.Scan(&c.Client, &c.NAS, &c.Session, &c.Number, &c.User, &c.CallingStation, &c.Address, &c.Address6,
		&started, &updated, &ended, &c.TerminateCause, &c.InputOctets, &c.OutputOctets)
	c.StartedAt, c.UpdatedAt, c.EndedAt = fromMillis(started), fromMillis(updated), fromMillis(ended)
	return c, err
}

func (c Connection) values() []any {
	return []any{c.Client, c.NAS, c.Session, c.Number, c.User, c.CallingStation, c.Address, c.Address6,
		millis(c.StartedAt), millis(c.UpdatedAt), millis(c.EndedAt), c.TerminateCause, c.InputOctets, c.OutputOctets}
}

// AddConnection keeps a new connection, unless there is one of this id and number.
func (tx *Tx) AddConnection(c Connection) (added bool, err error) {
	changed, err := tx.exec(`INSERT INTO connections (`+connectionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (client, nas, session, number) DO NOTHING`, c.values()...)
	if err != nil {
		return false, fmt.Errorf("keeping a connection: %w", err)
	}
	return changed == 1, nil
}

// ChangeConnection writes what is known of a connection that was read in this
// transaction.
func (tx *Tx) ChangeConnection(c Connection) error {
	_, err := tx.exec(`UPDATE connections SET user_name = $5, calling_station = $6, address = $7, address6 = $8,
		started_at = $9, updated_at = $10, ended_at = $11, terminate_cause = $12, input_octets = $13, output_octets = $14
		WHERE client = $1 AND nas = $2 AND session = $3 AND number = $4`, c.values()...)
	if err != nil {
		return fmt.Errorf("changing a connection: %w", err)
	}
	return nil
}

// EndConnections ends, at a time and for a cause, what a NAS has open since before.
func (tx *Tx) EndConnections(client, nas string, before, at time.Time, cause string) (ended int64, err error) {
	ended, err = tx.exec(`UPDATE connections SET ended_at = $4, terminate_cause = $5
		WHERE client = $1 AND nas = $2 AND ended_at = 0 AND started_at <= $3`, client, nas, millis(before), millis(at), cause)
	if err != nil {
		return 0, fmt.Errorf("ending the connections of a NAS: %w", err)
	}
	return ended, nil
}

// PruneConnections removes what ended before a time, and what is open but had no
// news since an earlier one, some at a time.
func (s *Store) PruneConnections(ctx context.Context, ended, silent time.Time) (pruned int64, err error) {
	for done := int64(pruneRows); done == pruneRows; pruned += done {
		err := s.Update(ctx, func(tx *Tx) (err error) {
			done, err = tx.exec(`DELETE FROM connections WHERE (client, nas, session, number) IN (
				SELECT client, nas, session, number FROM connections
				WHERE ended_at > 0 AND ended_at < $1 OR ended_at = 0 AND updated_at < $2 LIMIT $3)`, millis(ended), millis(silent), pruneRows)
			return err
		})
		if err != nil {
			return pruned, fmt.Errorf("pruning connections: %w", err)
		}
	}
	return pruned, nil
}
