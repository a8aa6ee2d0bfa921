package prompt

import (
	"fmt"
	"time"
)

// moment writes a minute: the time alone today, the year only where the day
// might be taken for another year's.
func (t *Texts) moment(c catalog, at time.Time) string {
	at, now := at.In(t.zone), t.now().In(t.zone)
	clock := at.Format(c.Time)
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return clock
	}
	day := at.Format(c.Day)
	if at.Day() == 1 {
		day = c.FirstDay
	}
	day += " " + c.Months[at.Month()-1]
	if at.After(now.AddDate(0, 6, 0)) {
		day += at.Format(" 2006")
	}
	return fmt.Sprintf(c.TimeOnDay, clock, day)
}

func (t *Texts) locked(c catalog, until time.Time) string {
	if until.IsZero() {
		return c.Locked
	}
	// Up to the minute in which it is over, not the one before.
	return fmt.Sprintf(c.LockedUntil, t.moment(c, until.Add(time.Minute-1).Truncate(time.Minute)))
}
