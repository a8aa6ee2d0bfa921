package store

import (
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	t.Parallel()
	var d Durations
	for _, took := range []time.Duration{0, 100 * time.Microsecond, 101 * time.Microsecond, 3 * time.Millisecond, time.Minute} {
		d.Add(took)
	}
	s := d.Snapshot()
	for seconds, want := range map[float64]uint64{0.0001: 2, 0.00025: 3, 0.0025: 3, 0.005: 4, 5: 4} {
		if s.UpTo[seconds] != want {
			t.Errorf("%d took at most %v s, want %d", s.UpTo[seconds], seconds, want)
		}
	}
	if s.Count != 5 || s.Sum != time.Minute+3*time.Millisecond+201*time.Microsecond || len(s.UpTo) != len(durationBounds) {
		t.Errorf("counted %+v", s)
	}
}
