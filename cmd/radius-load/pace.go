package main

import (
	"context"
	"sync/atomic"
	"time"
)

// pace says when the next login is due. At a rate, a login that begins late was
// due before: the time that it waited for a busy server is part of what it took.
type pace struct {
	began time.Time
	every time.Duration // 0: at once
	next  atomic.Int64
}

func newPace(rate int) *pace {
	p := &pace{began: time.Now()}
	if rate > 0 {
		p.every = time.Second / time.Duration(rate)
	}
	return p
}

// wait returns when a login is due, and is false when ctx is done before.
func (p *pace) wait(ctx context.Context) (due time.Time, ok bool) {
	if p.every == 0 {
		return time.Now(), ctx.Err() == nil
	}
	due = p.began.Add(time.Duration(p.next.Add(1)-1) * p.every)
	wait := time.Until(due)
	if wait <= 0 {
		return due, ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return due, false
	case <-timer.C:
		return due, true
	}
}
