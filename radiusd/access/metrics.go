package access

import (
	"sync"
	"sync/atomic"
	"time"

	"vpn-otpd/store"
)

// DecisionKind is what decisions are counted by.
type DecisionKind struct {
	Client  string
	Verdict Verdict
	Reason  Reason
}

// counters count since the gate was made. Clients come from the configuration
// and reasons are a fixed vocabulary, so there are few kinds.
type counters struct {
	decisions sync.Map // DecisionKind -> *atomic.Uint64
	silences  atomic.Uint64
	locks     atomic.Uint64
	drifts    atomic.Uint64
	took      store.Durations
}

func (c *counters) decision(l *login, d Decision, took time.Duration) {
	kind := DecisionKind{l.Client.Name, d.Verdict, d.Reason}
	counter, known := c.decisions.Load(kind)
	if !known {
		counter, _ = c.decisions.LoadOrStore(kind, new(atomic.Uint64))
	}
	counter.(*atomic.Uint64).Add(1)
	if l.alarm {
		c.locks.Add(1)
	}
	if l.drifts {
		c.drifts.Add(1)
	}
	c.took.Add(took)
}

// Metrics of a gate since it was made.
type Metrics struct {
	Decisions map[DecisionKind]uint64
	Silences  uint64 // requests that got no answer
	Locks     uint64 // of second factors
	Drifts    uint64 // wrong codes that were right at another time
	Took      store.DurationSnapshot
}

// Metrics returns how much was decided and how long it took.
func (g *Gate) Metrics() Metrics {
	m := Metrics{Decisions: make(map[DecisionKind]uint64), Silences: g.counters.silences.Load(),
		Locks: g.counters.locks.Load(), Drifts: g.counters.drifts.Load(), Took: g.counters.took.Snapshot()}
	g.counters.decisions.Range(func(kind, counter any) bool {
		m.Decisions[kind.(DecisionKind)] = counter.(*atomic.Uint64).Load()
		return true
	})
	return m
}
