package access

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"vpn-otpd/store"
)

const (
	// secondsOnly is how far apart two reports of one event can seem to be: a
	// delay is told in whole seconds.
	secondsOnly = time.Second
	// lateFor is how long after a connection's end something of it can still
	// come. A session id that comes again after that is another connection.
	lateFor = 10 * time.Minute
	// longestDelay bounds what is believed of a delay: what is longer is the
	// fault of a clock.
	longestDelay = 7 * 24 * time.Hour
)

// Terminate causes of connections whose own end wasn't told.
const (
	CauseNASOn    = "Accounting-On"
	CauseNASOff   = "Accounting-Off"
	CauseReplaced = "session id used anew"
)

// happened is when an event was, as the delay says: never later than now.
func (a Accounting) happened(now time.Time) time.Time {
	at := a.Arrived.Add(-min(a.Delay, longestDelay)).Truncate(time.Millisecond)
	if at.After(now) {
		return now.Truncate(time.Millisecond)
	}
	return at
}

// news is an event as it stands in the store.
type news struct {
	status AccountingStatus
	at     time.Time
	begun  time.Time // when its connection began; zero: it doesn't say
	told   store.Connection
}

// newsOf reads an event of one connection. user is the name to be kept.
func newsOf(a Accounting, user string, now time.Time) news {
	n := news{status: a.Status, at: a.happened(now), told: store.Connection{
		Client: a.Client, NAS: identifier(a.NAS), Session: identifier(a.Session), Number: 1,
		User: user, CallingStation: printable(a.CallingStation), TerminateCause: a.TerminateCause,
		InputOctets: int64(a.InputOctets), OutputOctets: int64(a.OutputOctets),
	}}
	if a.Address.IsValid() {
		n.told.Address = a.Address.String()
	}
	if a.Address6.IsValid() {
		n.told.Address6 = a.Address6.String()
	}
	switch {
	case a.Status == AccountingStart:
		n.begun = n.at
	case a.Lasted > 0:
		n.begun = n.at.Add(-min(a.Lasted, maxLasted))
	}
	return n
}

// maxLasted bounds what is believed of how long a connection stood.
const maxLasted = 366 * 24 * time.Hour

// isOther reports whether an event is of another connection than the one known
// under its session id: one that began after that was over. What is only late is
// of the one known.
func (n news) isOther(known store.Connection) bool {
	if n.begun.IsZero() {
		return false
	}
	over := known.EndedAt
	if over.IsZero() {
		over = known.UpdatedAt
	}
	if known.TerminateCause == CauseNASOn || known.TerminateCause == CauseNASOff {
		return n.begun.After(over)
	}
	return n.begun.Sub(over) > lateFor
}

// first is the connection as its first event tells of it.
func (n news) first() store.Connection {
	c := n.told
	c.StartedAt, c.UpdatedAt, c.TerminateCause = n.at, n.at, ""
	if !n.begun.IsZero() {
		c.StartedAt = n.begun
	}
	return n.end(c)
}

// follow is what is known of a connection after an event. The same event again
// changes nothing, and nothing opens a connection that has ended.
func (n news) follow(known store.Connection) store.Connection {
	c := known
	newer := !n.at.Before(c.UpdatedAt)
	for _, field := range []struct {
		into *string
		told string
	}{{&c.User, n.told.User}, {&c.CallingStation, n.told.CallingStation}, {&c.Address, n.told.Address}, {&c.Address6, n.told.Address6}} {
		if field.told != "" && (newer || *field.into == "") {
			*field.into = field.told
		}
	}
	c.InputOctets, c.OutputOctets = max(c.InputOctets, n.told.InputOctets), max(c.OutputOctets, n.told.OutputOctets)
	if !n.begun.IsZero() && c.StartedAt.Sub(n.begun) > secondsOnly {
		c.StartedAt = n.begun
	}
	if c.EndedAt.IsZero() && n.at.Sub(c.UpdatedAt) > secondsOnly {
		c.UpdatedAt = n.at
	}
	return n.end(c)
}

// end ends a connection where the event is its end. Its own word goes before
// what was concluded from its NAS.
func (n news) end(c store.Connection) store.Connection {
	concluded := c.TerminateCause == CauseNASOn || c.TerminateCause == CauseNASOff || c.TerminateCause == CauseReplaced
	if n.status != AccountingStop || !c.EndedAt.IsZero() && !concluded {
		return c
	}
	if c.EndedAt.IsZero() || n.at.Before(c.EndedAt) {
		c.EndedAt = n.at
	}
	if c.EndedAt.Before(c.StartedAt) {
		c.EndedAt = c.StartedAt
	}
	c.TerminateCause = n.told.TerminateCause
	return c
}

// identifier is what a client calls something, as it may stand in a store and on
// a terminal. Different ones stay different.
func identifier(text string) string {
	if strings.HasPrefix(text, `"`) || strings.ContainsFunc(text, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }) {
		return strconv.QuoteToASCII(text)
	}
	return text
}
