package main

import (
	"context"
	"sync/atomic"
	"time"

	"vpn-otpd/radiusd/totp"
)

// schedule says who logs in next, and with the code of which step. A server that
// remembers takes each step of a user once, in order, and tolerates one step
// either way: so many users have three codes to begin with, and one more every
// 30 seconds.
type schedule struct {
	users int
	first int64 // the step of the first round
	reuse bool  // the server remembers nothing: always the code of now
	next  atomic.Int64
	now   func() time.Time
}

// underWay is how long a code has to count that is sent now.
const underWay = time.Second

func newSchedule(users int, reuse bool, now func() time.Time) *schedule {
	return &schedule{users: users, first: totp.Step(now(), period) - 1, reuse: reuse, now: now}
}

// take returns the next login; waited is how long it had to wait for a code that
// counts. It is false when ctx is done.
func (s *schedule) take(ctx context.Context) (user int, step int64, waited time.Duration, ok bool) {
	n := s.next.Add(1) - 1
	user = int(n % int64(s.users))
	step = s.first + n/int64(s.users)
	began := s.now()
	for {
		now := totp.Step(s.now(), period)
		oldest := totp.Step(s.now().Add(underWay), period) - 1
		switch {
		case ctx.Err() != nil:
			return 0, 0, 0, false
		case s.reuse:
			return user, now, 0, true
		case step < oldest:
			step = oldest
		}
		if step <= now+1 {
			return user, step, s.now().Sub(began), true
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}
