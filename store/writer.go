package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// writer owns a connection that writes, and its prepared statements.
type writer struct {
	store      *Store
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	alarm      *time.Timer // ends the transaction when a statement takes too long; nil: no deadline
}

// ending is how a transaction ended.
type ending struct {
	err    error // nil: it is committed
	kept   int   // the updates that are in it, from the first on
	failed int   // index of the one update whose fault it is, -1 where it is nobody's
	// again: nothing of it is kept, for sure, and the next one may get through.
	again bool
	fault Fault
}

// batchShare is the part of a statement's deadline after which a transaction takes
// no more updates in.
const batchShare = 8

// try runs a batch in one transaction, or the first of it where that takes long;
// a hasty one doesn't wait long for others.
func (w *writer) try(batch []*update, hasty bool) ending {
	if err := w.connect(); err != nil {
		return ending{err: err, failed: -1}
	}
	ctx, stop := w.watch()
	defer stop()
	if err := w.begin(ctx, hasty); err != nil {
		return w.outside(fmt.Errorf("beginning a transaction: %w", err), err)
	}
	tx := &Tx{ctx: ctx, store: w.store, prepare: w.prepare, write: true, audited: make([]Record, 0, len(batch))}
	began, ahead := time.Now(), 0
	for i, u := range batch {
		if long := w.store.dialect.Deadline / batchShare; long > 0 && i > 0 && time.Since(began) > long {
			batch = batch[:i] // what it has locked others wait for
			break
		}
		if u.user != "" && i >= ahead {
			ahead = min(i+aheadSize, len(batch))
			if err := tx.readAhead(batch[i:ahead]); err != nil {
				return w.undo(ctx, tx, -1, err)
			}
		}
		tx.now = w.store.now()
		if err := run(u.apply, tx); err != nil {
			return w.undo(ctx, tx, i, err)
		}
	}
	if err := tx.burnSteps(); err != nil {
		return w.undo(ctx, tx, -1, err)
	}
	if len(tx.audited) > 0 { // the chain of this node grows by one transaction at a time
		w.store.appending.Lock()
		defer w.store.appending.Unlock()
		if err := tx.appendRecords(); err != nil {
			return w.undo(ctx, tx, -1, err)
		}
	}
	if err := w.end(ctx); err != nil {
		// What a failed COMMIT left open must not be kept by a later one.
		end := w.outside(fmt.Errorf("committing: %w", err), err)
		end.again = end.fault == FaultConflict // else it may be kept, or not
		if w.conn != nil {
			end.err = errors.Join(end.err, w.rollback(ctx))
		}
		return end
	}
	return ending{kept: len(batch), failed: -1}
}

// undo rolls a transaction back in which an update failed, or the audit records
// of all (-1), and says whose fault it was.
func (w *writer) undo(ctx context.Context, tx *Tx, failed int, err error) ending {
	if errors.Is(tx.failed, errBurn) { // an earlier update's step, which came before a statement of this one
		failed = -1
	}
	if tx.failed != nil {
		end := w.outside(err, tx.failed)
		if end.fault == FaultConnection || end.again && w.rollback(ctx) == nil {
			return end
		}
	}
	if rollback := w.rollback(ctx); rollback != nil {
		// err is one caller's: to the others of the batch it means nothing.
		return w.outside(fmt.Errorf("%w (after %v)", rollback, err), rollback)
	}
	if failed < 0 { // one record's fault, or another daemon of this name has gone on with the chain
		return ending{err: err, failed: -1, again: true, fault: FaultConflict}
	}
	return ending{err: err, failed: failed}
}

// faultOf is what an error of the database means for its transaction.
func (s *Store) faultOf(err error) Fault {
	if s.dialect.Fault == nil {
		return FaultNone
	}
	return s.dialect.Fault(err)
}

// outside is the ending by an error of the database; err is what callers are told.
func (w *writer) outside(err, cause error) ending {
	end := ending{err: err, failed: -1, fault: w.store.faultOf(cause)}
	end.again = end.fault != FaultNone
	if end.fault == FaultConnection {
		w.release()
	}
	return end
}

func (w *writer) connect() error {
	if w.conn != nil {
		return nil
	}
	// Without a deadline of ours: the dialects have theirs, for each host.
	conn, err := w.store.write.Conn(context.Background())
	if err != nil {
		return fmt.Errorf("connecting to write: %w", err)
	}
	w.conn, w.statements = conn, make(map[string]*sql.Stmt)
	return nil
}

// watch makes the context of a transaction: it ends when one statement takes
// longer than the dialect allows.
func (w *writer) watch() (ctx context.Context, stop func()) {
	if w.store.dialect.Deadline == 0 {
		return context.Background(), func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.alarm = time.AfterFunc(w.store.dialect.Deadline, cancel)
	return ctx, func() {
		w.alarm.Stop()
		cancel()
	}
}

func (w *writer) begin(ctx context.Context, hasty bool) error {
	if hasty && w.store.dialect.BeginHasty != "" {
		_, err := w.conn.ExecContext(ctx, w.store.dialect.BeginHasty)
		return err
	}
	return w.execute(ctx, w.store.dialect.Begin)
}

func (w *writer) end(ctx context.Context) error {
	if w.store.dialect.Commit == nil {
		return w.execute(ctx, "COMMIT")
	}
	if w.alarm != nil {
		w.alarm.Reset(w.store.dialect.Deadline)
	}
	return w.store.dialect.Commit(ctx, w.conn)
}

func (w *writer) rollback(ctx context.Context) error {
	if err := w.execute(ctx, "ROLLBACK"); err != nil {
		return fmt.Errorf("rolling back: %w", err)
	}
	return nil
}

func (w *writer) execute(ctx context.Context, query string) error {
	statement, err := w.prepare(ctx, query)
	if err != nil {
		return err
	}
	_, err = statement.ExecContext(ctx)
	return err
}

// prepare returns the statement of a query, which is about to run.
func (w *writer) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if w.alarm != nil {
		w.alarm.Reset(w.store.dialect.Deadline)
	}
	if statement, ok := w.statements[query]; ok {
		return statement, nil
	}
	statement, err := w.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	w.statements[query] = statement
	return statement, nil
}

// release gives the connection up; the next transaction gets a new one.
func (w *writer) release() {
	if w.conn == nil {
		return
	}
	for _, statement := range w.statements {
		statement.Close()
	}
	// Not back into the pool: it may hold a transaction that didn't end.
	w.conn.Raw(func(any) error { return errDiscard })
	w.conn.Close()
	w.conn, w.statements = nil, nil
}
