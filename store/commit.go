package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// batchSize is how many updates share one commit at most.
const batchSize = 256

// ErrClosed: the store was closed before the update began.
var ErrClosed = errors.New("store is closed")

// update is one caller's part of a shared transaction.
type update struct {
	ctx   context.Context
	apply func(*Tx) error
	done  chan error // buffered: the committer never waits
}

// Update runs apply in a transaction that may be shared with other callers and
// returns once it is committed, durably. When apply returns an error nothing of
// it is kept, and that error is returned.
//
// apply may run more than once (a neighbour's fault rolls the whole transaction
// back), each time from the start: it must have no effect but through its Tx,
// and no memory of an earlier run. It must not call Update, which would wait for
// itself. ctx counts until apply begins: after that Update waits to say how it
// ended. A statement that failed fails the update, also where apply goes on.
func (s *Store) Update(ctx context.Context, apply func(*Tx) error) error {
	u := &update{ctx: ctx, apply: apply, done: make(chan error, 1)}
	select {
	case s.queue <- u:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return ErrClosed
	}
	select {
	case err := <-u.done:
		return err
	case <-s.stopped: // the loop may have ended without seeing u
		select {
		case err := <-u.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// commitLoop is the one writer. Whatever waits when a commit is over shares the
// next one; a lone update isn't delayed.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	w := &writer{store: s}
	defer w.release()
	batch := make([]*update, 0, batchSize)
	for {
		select {
		case u := <-s.queue:
			batch = append(batch[:0], u)
		case <-s.done:
			w.drain(s.queue)
			return
		}
	gather:
		for len(batch) < batchSize {
			select {
			case u := <-s.queue:
				batch = append(batch, u)
			default:
				break gather
			}
		}
		w.commit(batch)
	}
}

// writer owns the connection that writes, and its prepared statements. No
// deadline of ours stands over them: the databases have their own, set where
// they are opened.
type writer struct {
	store      *Store
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func (w *writer) drain(queue chan *update) {
	for {
		select {
		case u := <-queue:
			w.commit([]*update{u})
		default:
			return
		}
	}
}

// commit runs the batch in one transaction. An update that fails is told so and
// left out, and the rest starts again.
func (w *writer) commit(batch []*update) {
	batch = skipCancelled(batch)
	for len(batch) > 0 {
		began := time.Now()
		failed, err := w.try(batch)
		if err == nil {
			w.store.commits.Add(time.Since(began))
			w.store.updates.Add(uint64(len(batch)))
			for _, u := range batch {
				u.done <- nil
			}
			return
		}
		if failed < 0 { // the transaction itself
			w.release()
			w.store.failedCommits.Add(1)
			for _, u := range batch {
				u.done <- err
			}
			return
		}
		batch[failed].done <- err
		batch = append(batch[:failed], batch[failed+1:]...)
	}
}

func skipCancelled(batch []*update) []*update {
	kept := batch[:0]
	for _, u := range batch {
		if err := u.ctx.Err(); err != nil {
			u.done <- err
			continue
		}
		kept = append(kept, u)
	}
	return kept
}

// try returns the index of the update that failed, -1 where none did.
func (w *writer) try(batch []*update) (failed int, err error) {
	ctx := context.Background()
	if err := w.begin(ctx); err != nil {
		return -1, err
	}
	tx := &Tx{ctx: ctx, store: w.store, prepare: w.prepare, write: true}
	for i, u := range batch {
		tx.now = w.store.now()
		if err := run(u.apply, tx); err != nil {
			if rollback := w.rollback(ctx); rollback != nil {
				// err is one caller's: to the others of the batch it means nothing.
				return -1, fmt.Errorf("%w (after %v)", rollback, err)
			}
			return i, err
		}
	}
	if err := w.execute(ctx, "COMMIT"); err != nil {
		// What a failed COMMIT left open must not be kept by a later one.
		return -1, errors.Join(fmt.Errorf("committing: %w", err), w.rollback(ctx))
	}
	return -1, nil
}

func run(apply func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in an update: %v", p)
			tx.store.logger.Error("panic in an update", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	if err := apply(tx); err != nil {
		return err
	}
	if tx.failed != nil {
		return fmt.Errorf("an update went on after a statement failed: %w", tx.failed)
	}
	return nil
}

func (w *writer) begin(ctx context.Context) error {
	if w.conn == nil {
		conn, err := w.store.write.Conn(ctx)
		if err != nil {
			return fmt.Errorf("connecting to write: %w", err)
		}
		w.conn, w.statements = conn, make(map[string]*sql.Stmt)
	}
	if err := w.execute(ctx, w.store.dialect.Begin); err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	return nil
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

func (w *writer) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
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
