package access

import (
	"bytes"
	"time"

	"vpn-otpd/store"
)

// Lockout says when wrong codes lock a second factor.
type Lockout struct {
	Failures int           // this many failures lock
	Lock     time.Duration // the first time for so long, then twice as long each time
	Longest  time.Duration // but never longer
	Forget   time.Duration // one failure ages in this time
}

const (
	// sameFieldFor: a wrong field that comes again within it is the same failure.
	sameFieldFor = 30 * time.Second
	// levelForget: after so long without a lock the next one is half as long.
	levelForget = 24 * time.Hour
)

// age is the lock as it stands now. Only time takes failures away, no success.
func (l Lockout) age(lock store.Lock, now time.Time) store.Lock {
	if aged := int(now.Sub(lock.FailedAt) / l.Forget); aged > 0 && lock.Failures > 0 {
		lock.Failures = max(0, lock.Failures-aged)
		lock.FailedAt = lock.FailedAt.Add(time.Duration(aged) * l.Forget)
	}
	if aged := int(now.Sub(lock.Until) / levelForget); aged > 0 && lock.Level > 0 {
		lock.Level = max(0, lock.Level-aged)
		lock.Until = lock.Until.Add(time.Duration(aged) * levelForget)
	}
	return lock
}

// fail counts one failure; locked reports that it was the one that locks.
func (l Lockout) fail(lock store.Lock, field []byte, now time.Time) (counted store.Lock, locked bool) {
	lock = l.age(lock, now)
	if bytes.Equal(lock.Field, field) && now.Sub(lock.FailedAt).Abs() < sameFieldFor {
		return lock, false
	}
	lock.Failures++
	lock.FailedAt, lock.Field = now, field
	if lock.Failures < l.Failures {
		return lock, false
	}
	lock.Until = now.Add(l.duration(lock.Level))
	lock.Level++
	lock.Failures = 0
	return lock, true
}

func (l Lockout) duration(level int) time.Duration {
	duration := l.Lock
	for range level {
		if duration >= l.Longest {
			break
		}
		duration *= 2
	}
	return min(duration, l.Longest)
}
