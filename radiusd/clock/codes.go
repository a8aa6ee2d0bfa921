package clock

import (
	"cmp"
	"hash/maphash"
	"slices"
	"time"
)

const (
	codesKept   = 200
	codesFor    = 24 * time.Hour // older ones say nothing of today's clock
	codesEnough = 20
	// codesOfUser is how many codes of one user count, so that enough of them
	// are of four users at least.
	codesOfUser = 5
	// reading is what people need to read a code and type it: it was shown so
	// long before it arrived.
	reading = 5 * time.Second
	// farthest bounds what is believed, in steps. No code is accepted that is
	// so far off.
	farthest = 10
)

// code says by how much a phone was ahead of us.
type code struct {
	user          uint64 // hashed with a key of this process
	at            time.Time
	ahead, period time.Duration
}

// codes keeps the last accepted ones in a ring.
type codes struct {
	ring [codesKept]code
	next int
}

// Witness takes in a code that was accepted: whose it is, the step that it
// belongs to, the length of a step in seconds, and the time by which it was
// judged. It costs the same however many there are.
func (w *Watch) Witness(user string, step int64, period int, at time.Time) {
	if period <= 0 {
		return
	}
	length, seconds := time.Duration(period)*time.Second, at.Unix()
	if now := seconds / int64(period); step < now-farthest || step > now+farthest {
		return
	}
	// The phone's time is unknown within the step: the middle is the best guess.
	middle := time.Unix(step*int64(period), 0).Add(length / 2)
	c := code{
		user: maphash.String(w.seed, user), at: at.Round(0), period: length,
		ahead: middle.Sub(at.Add(-reading).Round(0)),
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.codes.ring[w.codes.next] = c
	w.codes.next = (w.codes.next + 1) % codesKept
}

// counting are the codes that count, from the newest on.
func (c *codes) counting(now time.Time) (counting []code) {
	ofUser := make(map[uint64]int)
	for i := range codesKept {
		one := c.ring[(c.next-1-i+2*codesKept)%codesKept]
		if one.period == 0 { // the ring isn't full
			break
		}
		if now.Sub(one.at) > codesFor || ofUser[one.user] == codesOfUser {
			continue
		}
		ofUser[one.user]++
		counting = append(counting, one)
	}
	return counting
}

// median is by how much the phones are ahead of us, where enough codes count,
// and whether that is more than half a step.
func (c *codes) median(now time.Time) (ahead time.Duration, samples int, off bool) {
	counting := c.counting(now)
	samples = len(counting)
	if samples < codesEnough {
		return 0, samples, false
	}
	slices.SortFunc(counting, func(a, b code) int { return cmp.Compare(a.ahead, b.ahead) })
	low, high := counting[(samples-1)/2], counting[samples/2]
	ahead = (low.ahead + high.ahead) / 2
	return ahead, samples, ahead.Abs() > max(low.period, high.period)/2
}

// lookAtCodes logs when the codes begin to say that the clock is off, and when
// enough of them say that it isn't any more.
func (w *Watch) lookAtCodes() {
	w.mutex.Lock()
	codes := w.codes // a copy: logins shouldn't wait for the sorting
	w.mutex.Unlock()
	ahead, samples, off := codes.median(w.now())
	if off == w.off || samples < codesEnough {
		return
	}
	w.off = off
	if off {
		w.logger.Warn("our clock or most phones are off", "phones_ahead", ahead.Round(time.Second).String(), "codes", samples)
	} else {
		w.logger.Info("our clock and most phones agree again", "codes", samples)
	}
}
