package local

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"vpn-otpd/radiusd/access"
)

// queue bounds how many computations run at once, and refuses early what
// couldn't be done in time: a RADIUS client that has given up takes no answer,
// but the work for it would delay the next one's.
type queue struct {
	slots    chan struct{} // holds one for each computation that runs
	computed atomic.Uint64
	busy     atomic.Uint64

	mu      sync.Mutex
	inside  int                // checks that compute or wait
	backlog time.Duration      // what they take, by the estimates they came in with
	pace    map[string]float64 // nanoseconds for a unit of work, by algorithm
}

func newQueue(slots int) *queue {
	return &queue{slots: make(chan struct{}, slots), pace: make(map[string]float64)}
}

// place is a check's place in the queue.
type place struct {
	estimate time.Duration // of its own computation
	// probes: nobody else was inside, so it starts whatever the estimate says. A
	// wrong estimate would otherwise never be put right.
	probes bool
}

// do computes when it is its turn, before the context's deadline: its error is
// ErrBusy where it didn't, or didn't in time.
func (q *queue) do(ctx context.Context, h hash, compute func()) error {
	p, ok := q.enter(ctx, h.work())
	if !ok {
		return q.refuse(ctx, "the queue is too long")
	}
	defer q.leave(p)
	if !q.wait(ctx, p) {
		return q.refuse(ctx, "it waited too long")
	}
	defer func() { <-q.slots }()
	// What others measured in the meantime counts.
	if !p.probes && !inTime(ctx, q.estimate(h.work())) || ctx.Err() != nil {
		return q.refuse(ctx, "it waited too long")
	}
	began := time.Now()
	compute()
	q.measured(h.work(), time.Since(began))
	if ctx.Err() != nil {
		return q.refuse(ctx, "it took too long")
	}
	return nil
}

// enter takes a place, if the computation can be expected to end in time.
func (q *queue) enter(ctx context.Context, w work) (p place, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p = place{estimate: q.estimateLocked(w), probes: q.inside == 0}
	ahead := q.backlog / time.Duration(cap(q.slots))
	if !p.probes && !inTime(ctx, ahead+p.estimate) || ctx.Err() != nil {
		return place{}, false
	}
	q.inside++
	q.backlog += p.estimate
	return p, true
}

func (q *queue) leave(p place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inside--
	q.backlog -= p.estimate
}

// wait takes a slot, unless the last moment to begin passes first.
func (q *queue) wait(ctx context.Context, p place) bool {
	if deadline, ok := ctx.Deadline(); ok && !p.probes {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-p.estimate))
		defer cancel()
	}
	select {
	case q.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// inTime reports whether what takes so long from now ends before the deadline.
func inTime(ctx context.Context, duration time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) >= duration
}

func (q *queue) refuse(ctx context.Context, why string) error {
	q.busy.Add(1)
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("%w: %s: %w", access.ErrBusy, why, err)
	}
	return fmt.Errorf("%w: %s", access.ErrBusy, why)
}

// time measures one check of a hash, for the first estimates.
func (q *queue) time(h hash) {
	began := time.Now()
	h.matches(nil)
	q.measured(h.work(), time.Since(began))
}

// measured moves the pace a quarter of the way to what was measured: a machine
// whose processors are all at work is soon seen to be slower.
func (q *queue) measured(w work, took time.Duration) {
	q.computed.Add(1)
	q.mu.Lock()
	defer q.mu.Unlock()
	pace := float64(took) / w.units
	if before, ok := q.pace[w.algorithm]; ok {
		pace = before + (pace-before)/4
	}
	q.pace[w.algorithm] = pace
}

func (q *queue) estimate(w work) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.estimateLocked(w)
}

func (q *queue) estimateLocked(w work) time.Duration {
	return time.Duration(q.pace[w.algorithm] * w.units)
}
