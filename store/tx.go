package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"
)

// errDiscard tells database/sql to close a connection.
var errDiscard = driver.ErrBadConn

// Tx is one transaction of Update, or a plain reader in View. It must not be
// kept. Its statements run under a context of the store's own, since callers
// share the transaction and one of them going away must not end it.
type Tx struct {
	ctx     context.Context
	store   *Store
	prepare func(context.Context, string) (*sql.Stmt, error)
	now     time.Time
	write   bool               // in an Update
	ahead   map[string]Account // that were read for several updates
	fresh   Account            // the one of them that was handed over, until the next statement
	burns   []burn             // that come before it
	audited []Record           // to be appended to the audit chain before the commit
	failed  error              // the first statement that failed
}

// Now is the one time of this transaction.
func (tx *Tx) Now() time.Time { return tx.now }

// A query of View whose connection turns out to be lost is asked again: there may
// be as many such connections to an old primary as readers.
const (
	lostReaders  = 16
	lostPatience = time.Second
)

// View runs read outside of any transaction: each statement sees what is
// committed when it runs.
func (s *Store) View(ctx context.Context, read func(*Tx) error) error {
	return read(&Tx{ctx: ctx, store: s, prepare: s.prepareRead, now: s.now()})
}

func (s *Store) prepareRead(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement, ok := s.reads.Load(query); ok {
		return statement.(*sql.Stmt), nil
	}
	statement, err := s.read.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if kept, there := s.reads.LoadOrStore(query, statement); there {
		statement.Close()
		return kept.(*sql.Stmt), nil
	}
	return statement, nil
}

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(query string, arguments ...any) (int64, error) {
	statement, err := tx.statement(query)
	if err != nil {
		return 0, tx.fault(err)
	}
	result, err := statement.ExecContext(tx.ctx, arguments...)
	if err != nil {
		return 0, tx.fault(err)
	}
	return result.RowsAffected()
}

// statement prepares a query, unless an earlier one failed. What was put off comes
// before it.
func (tx *Tx) statement(query string) (*sql.Stmt, error) {
	tx.fresh = Account{}
	if err := tx.burnSteps(); err != nil {
		return nil, err
	}
	if tx.failed != nil {
		return nil, fmt.Errorf("after a statement that failed: %w", tx.failed)
	}
	statement, err := tx.prepare(tx.ctx, query)
	if err != nil {
		return nil, fmt.Errorf("preparing %q: %w", query, err)
	}
	return statement, nil
}

// fault keeps the first error of a statement: whatever is made of it, the
// transaction can't be trusted any more. SQLite ends it by itself on some
// errors, and what follows would be kept alone; PostgreSQL takes its COMMIT for
// a ROLLBACK.
func (tx *Tx) fault(err error) error {
	if err != nil && tx.failed == nil {
		tx.failed = err
	}
	return err
}

func (tx *Tx) query(query string, arguments ...any) (*sql.Rows, error) {
	began := time.Now()
	rows, err := tx.ask(query, arguments...)
	for try := 0; tx.lost(err) && try < lostReaders && time.Since(began) < lostPatience; try++ {
		time.Sleep(time.Duration(try) * time.Millisecond) // the database may be starting
		rows, err = tx.ask(query, arguments...)
	}
	return rows, tx.fault(err)
}

// lost reports whether a query may be asked again on another connection.
func (tx *Tx) lost(err error) bool {
	return err != nil && !tx.write && tx.failed == nil && tx.ctx.Err() == nil && tx.store.faultOf(err) == FaultConnection
}

func (tx *Tx) ask(query string, arguments ...any) (*sql.Rows, error) {
	statement, err := tx.statement(query)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(tx.ctx, arguments...)
}

// row scans the first row of a query; found is false where there is none.
func (tx *Tx) row(query string, arguments []any, into ...any) (found bool, err error) {
	rows, err := tx.query(query, arguments...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, tx.fault(rows.Err())
	}
	if err := rows.Scan(into...); err != nil {
		return false, err
	}
	// An UPDATE or DELETE with RETURNING is done only when it is read to its end.
	for rows.Next() {
	}
	return true, tx.fault(rows.Err())
}
