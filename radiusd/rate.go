package radiusd

import (
	"sync"
	"sync/atomic"
	"time"
)

// perMinute lets one event a minute through: lines in the log that strangers
// can cause.
type perMinute struct {
	last atomic.Int64 // nanoseconds since 1970
}

func (p *perMinute) allow(now time.Time) bool {
	last := p.last.Load()
	passed := time.Duration(now.UnixNano() - last).Abs() // a clock can be set back
	return (last == 0 || passed >= time.Minute) && p.last.CompareAndSwap(last, now.UnixNano())
}

// perSecond lets so many events through in each second of the clock.
type perSecond struct {
	mutex  sync.Mutex
	second int64
	events int
}

func (p *perSecond) allow(now time.Time, limit int) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if second := now.Unix(); second != p.second {
		p.second, p.events = second, 0
	}
	p.events++
	return p.events <= limit
}
