package access

import (
	"context"
	"fmt"
	"sync"
)

// noUser is a name that no user has: canonical names hold no control characters.
const noUser = "\x00"

// Probe is a pass through the gate for nobody: it takes each lock that a login
// takes, and reads the store. It counts, logs and records nothing. Where a lock
// isn't released, it doesn't return; where the store doesn't answer, it returns
// ErrStore when ctx is done at the latest.
func (g *Gate) Probe(ctx context.Context) error {
	for _, lock := range []sync.Locker{&g.throttle.mutex, &g.tickets.sources.mutex, &g.refusals.mutex} {
		pass(lock)
	}
	if !g.probing.CompareAndSwap(false, true) { // no pile of reads before a store that hangs
		return fmt.Errorf("%w: an earlier probe is still under way", ErrStore)
	}
	read := make(chan error, 1)
	go func() {
		defer g.probing.Store(false)
		_, _, err := g.store.Account(ctx, noUser)
		read <- err
	}()
	select {
	case err := <-read:
		if err != nil {
			return withCause(fmt.Errorf("reading the store: %w", err))
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: it doesn't answer: %w", ErrStore, context.Cause(ctx))
	}
}

// pass waits until a lock is free.
func pass(lock sync.Locker) {
	lock.Lock()
	defer lock.Unlock()
}
