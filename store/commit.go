package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// batchSize is how many updates share one commit at most.
const batchSize = 256

// tries is how often a transaction is begun that something outside of it ended.
const tries = 3

// errLate: the update waited longer for its turn than a statement may take.
var errLate = errors.New("the database is too slow")

// ErrClosed: the store was closed before the update began.
var ErrClosed = errors.New("store is closed")

// update is one caller's part of a shared transaction.
type update struct {
	ctx    context.Context
	user   string // whose account it begins with; "": nobody's
	apply  func(*Tx) error
	queued time.Time
	done   chan error // buffered: the committer never waits
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
//
// Updates may run beside each other, of this process and of other nodes. An
// apply that reads of a user and then writes calls [Tx.Account] first: from
// there on nobody else's does.
func (s *Store) Update(ctx context.Context, apply func(*Tx) error) error {
	return s.UpdateUser(ctx, "", apply)
}

// UpdateUser is an Update that begins with [Tx.Account] of a user, and changes
// nothing of users whom it doesn't ask for so: accounts of many are read at once.
func (s *Store) UpdateUser(ctx context.Context, user string, apply func(*Tx) error) error {
	u := &update{ctx: ctx, user: user, apply: apply, queued: time.Now(), done: make(chan error, 1)}
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
	case <-s.stopped: // the writers may have ended without seeing u
		select {
		case err := <-u.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// commitLoop is one writer. Whatever waits when a commit is over shares the next
// one; a lone update isn't delayed.
func (s *Store) commitLoop() {
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
	batch = w.skip(batch)
	// Users are locked in one order at every node, and read ahead after the updates
	// of nobody in particular: those may change anybody.
	slices.SortStableFunc(batch, func(a, b *update) int { return strings.Compare(a.user, b.user) })
	for try := 1; len(batch) > 0; try++ {
		began := time.Now()
		end := w.try(batch, len(batch) > 1)
		switch {
		case end.err == nil:
			w.kept(batch[:end.kept], began)
			batch, try = w.skip(batch[end.kept:]), 0
		case end.failed >= 0:
			batch[end.failed].done <- end.err
			batch = append(batch[:end.failed], batch[end.failed+1:]...)
		case end.again && end.fault != FaultConnection && len(batch) > 1:
			w.separate(batch)
			return
		case end.again && end.fault != FaultHeld && try < tries:
		default:
			w.release()
			w.store.failedCommits.Add(1)
			tell(batch, end.err)
			return
		}
	}
}

// separate gives each update of a batch that got into somebody's way a
// transaction of its own: what locks one user can't be part of a deadlock. Those
// that would have to wait for somebody come last, and only while their callers do.
func (w *writer) separate(batch []*update) {
	var waiting []*update
	var why error
	for _, u := range batch {
		if len(w.skip([]*update{u})) == 0 {
			continue
		}
		began, one := time.Now(), []*update{u}
		switch end := w.try(one, true); {
		case end.err == nil:
			w.kept(one, began)
		case end.failed >= 0:
			u.done <- end.err
		case end.again:
			waiting, why = append(waiting, u), end.err
		default: // it may be kept, or not: it must not run again
			w.release()
			w.store.failedCommits.Add(1)
			why = end.err
			u.done <- end.err
		}
	}
	for _, u := range waiting {
		if late := w.store.dialect.Deadline / 2; late > 0 && time.Since(u.queued) > late {
			u.done <- why
			continue
		}
		w.commit([]*update{u})
	}
}

func (w *writer) kept(batch []*update, began time.Time) {
	w.store.commits.Add(time.Since(began))
	w.store.updates.Add(uint64(len(batch)))
	tell(batch, nil)
}

func tell(batch []*update, err error) {
	for _, u := range batch {
		u.done <- err
	}
}

// skip leaves out whose callers have given up, or must have by now.
func (w *writer) skip(batch []*update) []*update {
	late := w.store.dialect.Deadline
	kept := batch[:0]
	for _, u := range batch {
		err := u.ctx.Err()
		if err == nil && late > 0 && time.Since(u.queued) > late {
			err = errLate
		}
		if err != nil {
			u.done <- err
			continue
		}
		kept = append(kept, u)
	}
	return kept
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
