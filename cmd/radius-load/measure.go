package main

import (
	"context"
	"slices"
	"time"
)

// tally is what one worker saw.
type tally struct {
	took       []time.Duration // of each login that ended well
	requests   int
	refused    int
	unanswered int
	fault      error // the first that was neither
	inTime     int   // of those that ended well, before the measurement was over
}

// well notes a login that ended well.
func (t *tally) well(ctx context.Context, took time.Duration) {
	t.took = append(t.took, took)
	if ctx.Err() == nil {
		t.inTime++
	}
}

// latency is how long logins took: exact percentiles of all of them.
type latency struct {
	P50, P90, P99, P999, Max time.Duration
}

// latencyOf sorts what it is given.
func latencyOf(took []time.Duration) (l latency) {
	if len(took) == 0 {
		return latency{}
	}
	slices.Sort(took)
	// The smallest of which at least that share is no longer.
	at := func(thousandths int) time.Duration { return took[(len(took)*thousandths+999)/1000-1] }
	return latency{P50: at(500), P90: at(900), P99: at(990), P999: at(999), Max: took[len(took)-1]}
}

// merge adds up what all workers saw.
func merge(tallies []tally) (all tally) {
	for _, t := range tallies {
		all.took = append(all.took, t.took...)
		all.requests += t.requests
		all.refused += t.refused
		all.unanswered += t.unanswered
		if all.fault == nil {
			all.fault = t.fault
		}
		all.inTime += t.inTime
	}
	return all
}
