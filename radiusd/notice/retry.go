package notice

import (
	"errors"
	"time"

	"vpn-otpd/store"
)

const (
	firstWait   = time.Minute
	longestWait = 6 * time.Hour
	// keptFor is how long after the event a notice is tried; the store's own
	// pruning takes it then.
	keptFor = 72 * time.Hour
	// lastTry is when the last try is made, early enough to be written down
	// before pruning takes the notice without a word.
	lastTry = keptFor - 10*time.Minute
)

var errTooOld = &finalError{errors.New("it is older than 72 h")}

// finalError says that no later try will do better.
type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

// nextTry is when a notice is tried again that failed now: 1 minute later, then
// doubling to 6 hours, within 10 % and not after its last try; false: never.
func (s *Sender) nextTry(n store.Notice) (next time.Time, again bool) {
	now, last := s.now(), n.At.Add(lastTry)
	if !now.Before(last) {
		return time.Time{}, false
	}
	wait := longestWait
	if doublings := max(n.Tries-1, 0); doublings < 16 { // else it would overflow at some time
		wait = min(firstWait<<doublings, longestWait)
	}
	wait = time.Duration(float64(wait) * (0.9 + 0.2*s.chance()))
	if next = now.Add(wait); next.After(last) {
		next = last
	}
	return next, true
}
