package admin

import (
	"context"
	"sync"
	"time"
)

// patience is how long one waits for a turn. A peer has its whole answer some
// moments before the turn is given back, and may ask for the next at once.
const patience = 2 * time.Second

// turn is for what only one may do at a time; its zero value will do.
type turn struct {
	once sync.Once
	free chan struct{}
}

// take is false where somebody else has the turn and keeps it.
func (t *turn) take(ctx context.Context) bool {
	t.once.Do(func() { t.free = make(chan struct{}, 1) })
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case t.free <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t *turn) giveBack() { <-t.free }
