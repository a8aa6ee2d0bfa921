package clock

import (
	"errors"
	"time"
)

const (
	// tolerance is how far the two clocks may part between two looks. A time
	// service that slews stays below it.
	tolerance = 2 * time.Second
	// readWithin bounds the time that one reading of both clocks takes. A
	// process that is held up in between would see a jump that never was.
	readWithin = 100 * time.Millisecond
	readTries  = 3
)

// moment is one reading of both clocks.
type moment struct {
	wall   time.Time // without Go's monotonic reading, which hides jumps
	uptime time.Duration
}

type jumps struct {
	count uint64
	size  time.Duration // of the last one; below 0: set back
	moment
}

// lookForJump compares how far both clocks went since the last look. It reports
// whether the wall clock went farther, or less far.
func (w *Watch) lookForJump() bool {
	now, err := w.read()
	if err != nil {
		if !w.blind && !errors.Is(err, errHeldUp) {
			w.blind = true
			w.logger.Warn("jumps of the clock can't be seen", "error", err)
		}
		return false
	}
	last := w.last
	w.last = now
	if last == (moment{}) {
		return false
	}
	expected := last.wall.Add(now.uptime - last.uptime)
	size := now.wall.Sub(expected)
	if size.Abs() <= tolerance {
		return false
	}
	w.logger.Warn("the clock jumped", "from", expected.UTC().Format(time.RFC3339Nano),
		"to", now.wall.UTC().Format(time.RFC3339Nano), "by", size.String())
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.jumps = jumps{w.jumps.count + 1, size, now}
	w.codes = codes{} // they speak of the clock as it was
	return true
}

// errHeldUp is no fault: the next look will do.
var errHeldUp = errors.New("the process was held up while it read the clocks")

// read reads both clocks as good as at once.
func (w *Watch) read() (moment, error) {
	for range readTries {
		before, err := w.uptime()
		if err != nil {
			return moment{}, err
		}
		wall := w.now().Round(0)
		after, err := w.uptime()
		if err != nil {
			return moment{}, err
		}
		if after-before <= readWithin {
			return moment{wall, before}, nil
		}
	}
	return moment{}, errHeldUp
}
