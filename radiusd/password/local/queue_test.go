package local

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vpn-otpd/radiusd/access"
)

// slow is a hash whose check takes a time of its own and nothing else. In these
// tests the clock is synctest's: they take no time, and each run is the same.
type slow struct{ cost time.Duration }

func (s slow) matches([]byte) bool { time.Sleep(s.cost); return true }
func (s slow) work() work          { return work{algorithm: "slow", units: 1} }

// burst asks for all the computations at once and counts.
type burst struct {
	running, most, done, busy atomic.Int64
	latest                    time.Duration // of all returns, since the start
}

func (b *burst) run(t *testing.T, q *queue, n int, h slow, timeout time.Duration) {
	began := time.Now()
	var group sync.WaitGroup
	var mu sync.Mutex
	for range n {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			defer cancel()
			err := q.do(ctx, h, func() {
				for now, most := b.running.Add(1), b.most.Load(); now > most; most = b.most.Load() {
					b.most.CompareAndSwap(most, now)
				}
				h.matches(nil)
				b.running.Add(-1)
				b.done.Add(1)
			})
			if errors.Is(err, access.ErrBusy) {
				b.busy.Add(1)
			} else if err != nil {
				t.Error(err)
			}
			mu.Lock()
			b.latest = max(b.latest, time.Since(began))
			mu.Unlock()
		})
	}
	group.Wait()
}

func TestBurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const cost, timeout = 50 * time.Millisecond, 2 * time.Second
		q := newQueue(2)
		q.time(slow{cost})
		var b burst
		b.run(t, q, 200, slow{cost}, timeout)
		if b.most.Load() != 2 {
			t.Errorf("%d ran at once, want 2", b.most.Load())
		}
		if b.latest > timeout {
			t.Errorf("the last one returned after %s", b.latest)
		}
		// Two slots, 40 turns each; the early estimate leaves room for a few less.
		// One that ends at the very deadline is computed and refused: it counts twice.
		if done := b.done.Load(); done < 70 || done > 80 || done+b.busy.Load() < 200 || done+b.busy.Load() > 202 {
			t.Errorf("%d done, %d busy", done, b.busy.Load())
		}
		if q.inside != 0 || q.backlog != 0 || len(q.slots) != 0 || q.busy.Load() != uint64(b.busy.Load()) {
			t.Errorf("left behind: %d inside, %s, %d running, %d counted", q.inside, q.backlog, len(q.slots), q.busy.Load())
		}
	})
}

// A burst while the machine is slower than was measured: what waits learns it
// in time and gives up before the deadline.
func TestBurstSlowerThanMeasured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const timeout = 2 * time.Second
		q := newQueue(2)
		q.time(slow{50 * time.Millisecond})
		var b burst
		b.run(t, q, 200, slow{150 * time.Millisecond}, timeout)
		if b.most.Load() != 2 || b.latest > timeout || b.done.Load() < 20 || b.done.Load()+b.busy.Load() < 200 {
			t.Errorf("%d at once, last return after %s, %d done, %d busy", b.most.Load(), b.latest, b.done.Load(), b.busy.Load())
		}
	})
}

func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1)
		q.time(slow{time.Second})
		go q.do(t.Context(), slow{time.Second}, func() { time.Sleep(time.Second) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 1900*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := q.do(ctx, slow{time.Second}, func() { t.Error("it was computed") })
		if !errors.Is(err, access.ErrBusy) || time.Since(began) != 0 {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		time.Sleep(2 * time.Second)
	})
}

// A refusal, a wait without deadline, and a context that ends while one waits.
func TestWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1)
		q.time(slow{time.Second})
		go q.do(t.Context(), slow{}, func() { time.Sleep(time.Minute) }) // 60 times its estimate
		synctest.Wait()

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err := q.do(ctx, slow{}, func() { t.Error("it was computed") })
		if !errors.Is(err, access.ErrBusy) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		err = q.do(ctx, slow{}, func() { t.Error("it was computed") })
		if !errors.Is(err, access.ErrBusy) || time.Since(began) != 9*time.Second {
			t.Errorf("%v after %s, want the last moment to begin", err, time.Since(began))
		}
		computed := false
		if err := q.do(context.Background(), slow{}, func() { computed = true }); err != nil || !computed {
			t.Errorf("without a deadline: %v", err)
		}
	})
}

// An answer that is late all the same is no answer, and the estimate that was
// too low is mended by it.
func TestLateIsBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := q.do(ctx, slow{}, func() { time.Sleep(2 * time.Second) })
		if !errors.Is(err, access.ErrBusy) || q.estimate(slow{}.work()) != 2*time.Second {
			t.Errorf("%v, estimate %s", err, q.estimate(slow{}.work()))
		}
	})
}

// One absurd measurement must not refuse everybody forever.
func TestWrongEstimateHeals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(2)
		q.time(slow{time.Hour})
		for range 40 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := q.do(ctx, slow{}, func() { time.Sleep(50 * time.Millisecond) }); err != nil {
				t.Fatal(err)
			}
			cancel()
		}
		if estimate := q.estimate(slow{}.work()); estimate > 100*time.Millisecond {
			t.Errorf("the estimate is still %s", estimate)
		}
	})
}
