package store

import (
	"sync/atomic"
	"time"
)

// durationBounds are the upper bounds of the classes that durations are counted in.
var durationBounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
}

// Durations counts how long something took. Its methods may be used in parallel.
type Durations struct {
	classes [len(durationBounds)]atomic.Uint64
	count   atomic.Uint64
	sum     atomic.Int64
}

// Add counts one.
func (d *Durations) Add(took time.Duration) {
	for i, bound := range durationBounds {
		if took <= bound {
			d.classes[i].Add(1)
			break
		}
	}
	d.sum.Add(int64(took))
	d.count.Add(1)
}

// DurationSnapshot is what was counted up to a moment.
type DurationSnapshot struct {
	// UpTo is how many took at most so many seconds, each class with those below it.
	UpTo  map[float64]uint64
	Count uint64
	Sum   time.Duration
}

// Snapshot returns what was counted.
func (d *Durations) Snapshot() DurationSnapshot {
	s := DurationSnapshot{UpTo: make(map[float64]uint64), Count: d.count.Load(), Sum: time.Duration(d.sum.Load())}
	var below uint64
	for i, bound := range durationBounds {
		below += d.classes[i].Load()
		s.UpTo[bound.Seconds()] = min(below, s.Count) // counted meanwhile
	}
	return s
}

// Metrics of a store since it was opened.
type Metrics struct {
	Commits DurationSnapshot // shared transactions, from their beginning until they are durable
	Updates uint64           // callers' parts of them
	Failed  uint64           // transactions that failed
}

// Metrics returns how much was committed and how long it took.
func (s *Store) Metrics() Metrics {
	return Metrics{Commits: s.commits.Snapshot(), Updates: s.updates.Load(), Failed: s.failedCommits.Load()}
}
