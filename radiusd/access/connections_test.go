package access_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// ledger is Connections of a world, and when the test began.
type ledger struct {
	*world
	*access.Connections
	began time.Time
}

func newLedger(t testing.TB) *ledger {
	w := newWorld(t)
	return &ledger{w, access.NewConnections(w.store, w.gate), w.clock.Now()}
}

// event is one of alice's session S1 that happens now.
func (l *ledger) event(status access.AccountingStatus) access.Accounting {
	return access.Accounting{Client: "vpn1", NAS: "nas1", Session: "S1", Status: status, UserName: "Alice", Arrived: l.clock.Now()}
}

func (l *ledger) record(events ...access.Accounting) {
	l.Helper()
	for _, event := range events {
		l.must(l.Record(l.Context(), event))
	}
}

func (l *ledger) all() []access.Connection {
	l.Helper()
	found, err := l.List(l.Context(), store.ConnectionQuery{Ended: true, Limit: 100})
	l.must(err)
	return found
}

// one is the only connection.
func (l *ledger) one() store.Connection {
	l.Helper()
	found := l.all()
	if len(found) != 1 {
		l.Fatalf("there are %d: %+v", len(found), found)
	}
	return found[0].Connection
}

// seconds is how long after the beginning a time is; "-" is never.
func (l *ledger) seconds(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return fmt.Sprint(at.Sub(l.began).Seconds())
}

func (l *ledger) times(c store.Connection) string {
	return l.seconds(c.StartedAt) + " " + l.seconds(c.UpdatedAt) + " " + l.seconds(c.EndedAt) + " " + c.TerminateCause
}

func TestAConnectionFromStartToStop(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	start := l.event(access.AccountingStart)
	start.CallingStation, start.Address = "192.0.2.7\x1b", netip.MustParseAddr("10.0.0.1")
	l.record(start)
	if c := l.one(); l.times(c) != "0 0 - " || c.User != "alice" || c.Address != "10.0.0.1" || c.CallingStation != "192.0.2.7?" {
		t.Errorf("started: %+v", c)
	}
	l.clock.Add(time.Minute)
	interim := l.event(access.AccountingInterim)
	interim.UserName, interim.Address6, interim.InputOctets, interim.OutputOctets = "", netip.MustParseAddr("2001:db8::1"), 5<<32, 7
	l.record(interim)
	if c := l.one(); l.times(c) != "0 60 - " || c.User != "alice" || c.Address != "10.0.0.1" || c.Address6 != "2001:db8::1" || c.InputOctets != 5<<32 || c.OutputOctets != 7 {
		t.Errorf("updated: %+v", c)
	}
	l.clock.Add(time.Minute)
	stop := l.event(access.AccountingStop)
	stop.TerminateCause, stop.InputOctets = "User-Request", 6<<32
	l.record(stop)
	if c := l.one(); l.times(c) != "0 120 120 User-Request" || c.InputOctets != 6<<32 || c.OutputOctets != 7 {
		t.Errorf("stopped: %+v", c)
	}
}

// In whatever order the events of a connection come, and however often, what is
// known in the end is the same.
func TestOrderAndRepetitionDoNotMatter(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		status access.AccountingStatus
		after  time.Duration
		input  uint64
	}{{access.AccountingStart, 0, 0}, {access.AccountingInterim, time.Minute, 10}, {access.AccountingInterim, 2 * time.Minute, 20}, {access.AccountingStop, 3 * time.Minute, 30}}
	l := newLedger(t)
	l.clock.Add(time.Hour)
	for _, lasted := range []bool{false, true} {
		permute([]int{0, 1, 2, 3}, func(order []int) {
			session := fmt.Sprint(order, lasted)
			for range 2 {
				for _, n := range order {
					event := l.event(kinds[n].status)
					event.Session, event.InputOctets, event.Delay = session, kinds[n].input, l.clock.Now().Sub(l.began.Add(kinds[n].after))
					if lasted {
						event.Lasted = kinds[n].after
					}
					if event.Status == access.AccountingStop {
						event.TerminateCause = "User-Request"
					}
					l.record(event)
					l.clock.Add(time.Second)
				}
			}
		})
	}
	found := l.all()
	if len(found) != 2*24 {
		t.Errorf("there are %d connections", len(found))
	}
	for _, c := range found {
		if l.seconds(c.StartedAt)+" "+l.seconds(c.EndedAt)+" "+c.TerminateCause != "0 180 User-Request" || c.User != "alice" || c.InputOctets != 30 {
			t.Errorf("%s: %s, %+v", c.Session, l.times(c.Connection), c)
		}
	}
}

func permute(rest []int, visit func([]int)) {
	var from func(k int)
	from = func(k int) {
		if k == len(rest) {
			visit(rest)
			return
		}
		for i := k; i < len(rest); i++ {
			rest[k], rest[i] = rest[i], rest[k]
			from(k + 1)
			rest[k], rest[i] = rest[i], rest[k]
		}
	}
	from(0)
}

// An Acct-Delay-Time is told in whole seconds: told again, an event may seem to
// be up to a second off, and is the same all the same.
func TestA3OneEventWithAnotherDelay(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	for _, status := range []access.AccountingStatus{access.AccountingStart, access.AccountingInterim, access.AccountingStop} {
		event := l.event(status)
		event.InputOctets, event.TerminateCause = 9, "Lost-Carrier"
		l.record(event)
		before := l.one()
		for range 3 {
			l.clock.Add(1700 * time.Millisecond)
			event.Arrived = l.clock.Now()
			event.Delay = event.Arrived.Sub(before.UpdatedAt).Truncate(time.Second)
			l.record(event)
			if after := l.one(); after != before {
				t.Errorf("%s again:\n%+v, was\n%+v", status, after, before)
			}
		}
		l.clock.Add(time.Minute)
	}
}

func TestEndedConnectionsStayEnded(t *testing.T) {
	t.Parallel()
	for _, status := range []access.AccountingStatus{access.AccountingStart, access.AccountingInterim, access.AccountingStop} {
		for _, late := range []time.Duration{0, time.Second, 9 * time.Minute} { // without a delay that would say so
			l := newLedger(t)
			l.record(l.event(access.AccountingStart))
			l.clock.Add(time.Minute)
			l.record(l.event(access.AccountingStop))
			l.clock.Add(late)
			l.record(l.event(status))
			if c := l.one(); l.times(c) != "0 60 60 " {
				t.Errorf("a %s %s late: %s", status, late, l.times(c))
			}
		}
	}
}

// A NAS that was restarted may count its sessions from the beginning again.
func TestSessionIDUsedAnew(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		before func(*ledger)
		wait   time.Duration
		event  func(*access.Accounting)
		want   string // the sessions in the end
	}{
		"after its end":         {func(l *ledger) { l.record(l.event(access.AccountingStop)) }, 11 * time.Minute, nil, "0 0 0 , 660 660 - "},
		"after Accounting-Off":  {func(l *ledger) { l.record(l.event(access.AccountingOff)) }, time.Second, nil, "0 0 0 Accounting-Off, 1 1 - "},
		"nothing was heard":     {func(*ledger) {}, 11 * time.Minute, nil, "0 0 0 session id used anew, 660 660 - "},
		"its start wasn't told": {func(l *ledger) { l.record(l.event(access.AccountingStop)) }, time.Hour, func(a *access.Accounting) { a.Status, a.Lasted = access.AccountingInterim, time.Minute }, "0 0 0 , 3540 3600 - "},
		"only its stop is told": {func(l *ledger) { l.record(l.event(access.AccountingStop)) }, time.Hour, func(a *access.Accounting) { a.Status, a.Lasted = access.AccountingStop, time.Minute }, "0 0 0 , 3540 3600 3600 "},
		"an interim of nothing": {func(l *ledger) { l.record(l.event(access.AccountingStop)) }, time.Hour, func(a *access.Accounting) { a.Status = access.AccountingInterim }, "0 0 0 "},
	} {
		l := newLedger(t)
		l.record(l.event(access.AccountingStart))
		c.before(l)
		l.clock.Add(c.wait)
		event := l.event(access.AccountingStart)
		if c.event != nil {
			c.event(&event)
		}
		l.record(event, event)
		var got []string
		for _, connection := range l.all() {
			got = append(got, l.times(connection.Connection))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", title, got, c.want)
		}
	}
}

func TestTimesAreBounded(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		event func(*ledger, *access.Accounting)
		want  string
	}{
		"arrived in the future": {func(l *ledger, a *access.Accounting) { a.Arrived = l.clock.Now().Add(time.Hour) }, "0 0 0 "},
		"an endless delay":      {func(l *ledger, a *access.Accounting) { a.Delay = 1<<32*time.Second - time.Second }, "-604800 -604800 -604800 "},
		"an endless connection": {func(l *ledger, a *access.Accounting) { a.Lasted = 1<<32*time.Second - time.Second }, "-3.16224e+07 0 0 "},
	} {
		l := newLedger(t)
		event := l.event(access.AccountingStop)
		c.event(l, &event)
		l.record(event)
		if got := l.times(l.one()); got != c.want {
			t.Errorf("%s: %s", title, got)
		}
	}
}

// A NAS that begins anew ends what it had, and leaves alone what began since when
// it says so again.
func TestAccountingOnAndOff(t *testing.T) {
	t.Parallel()
	for _, status := range []access.AccountingStatus{access.AccountingOn, access.AccountingOff} {
		l := newLedger(t)
		l.record(l.event(access.AccountingStart))
		other := l.event(access.AccountingStart)
		other.NAS = "nas2"
		l.record(other)
		l.clock.Add(time.Minute)
		on := l.event(status)
		on.UserName, on.Session = "", ""
		l.record(on)
		l.clock.Add(500 * time.Millisecond)
		fresh := l.event(access.AccountingStart)
		fresh.Session = "S2"
		l.record(fresh)
		l.clock.Add(4200 * time.Millisecond)
		on.Arrived, on.Delay = l.clock.Now(), 4*time.Second
		l.record(on)
		var open, ended int
		for _, c := range l.all() {
			switch {
			case c.EndedAt.IsZero():
				open++
			case c.NAS == "nas1" && c.Session == "S1" && l.times(c.Connection) == map[access.AccountingStatus]string{
				access.AccountingOn: "0 0 60 Accounting-On", access.AccountingOff: "0 0 60 Accounting-Off"}[status]:
				ended++
			}
		}
		if open != 2 || ended != 1 {
			t.Errorf("%s: %+v", status, l.all())
		}
		// The connection's own stop knows better, and comes late.
		stop := l.event(access.AccountingStop)
		stop.Delay, stop.TerminateCause, stop.InputOctets = l.clock.Now().Sub(l.began.Add(50*time.Second)), "NAS-Request", 3
		l.record(stop)
		if c := l.all()[0]; l.seconds(c.EndedAt) != "50" || c.TerminateCause != "NAS-Request" || c.InputOctets != 3 {
			t.Errorf("after its stop: %s", l.times(c.Connection))
		}
	}
}

// People type passwords for names: what nobody is called is kept as a hash, as in
// the log, and found by the name all the same.
func TestConnectionsOfUnknownNames(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	for n, name := range []string{"BOB", "correct horse", "bad\x00name", ""} {
		event := l.event(access.AccountingStart)
		event.UserName, event.Session = name, fmt.Sprint(n)
		l.record(event)
	}
	var users []string
	for _, c := range l.all() {
		users = append(users, c.User)
		if strings.Contains(fmt.Sprintf("%+v", c), "horse") {
			t.Errorf("kept %+v", c)
		}
	}
	if len(users) != 4 || users[0] != "" || users[1] != "bob" || !strings.HasPrefix(users[2], "unknown:") || !strings.HasPrefix(users[3], "unknown:") || users[2] == users[3] {
		t.Errorf("users %q", users)
	}
	for asked, want := range map[string]int{"Bob": 1, "correct horse": 1, users[2]: 1, "nobody": 0, "alice": 0} {
		found, err := l.List(t.Context(), store.ConnectionQuery{User: asked, Limit: 10})
		l.must(err)
		if len(found) != want {
			t.Errorf("%q has %+v", asked, found)
		}
	}
	// Users of a directory may have no account, but have logged in.
	l.ask(challenge(), "muller", password)
	event := l.event(access.AccountingStart)
	event.UserName, event.Session = "müller", "M"
	l.record(event)
	if found, err := l.List(t.Context(), store.ConnectionQuery{User: "Müller", Limit: 10}); err != nil || len(found) != 1 || found[0].User != "müller" {
		t.Errorf("%+v, %v", found, err)
	}
}

// What clients call themselves and sessions is kept apart, whatever octets it has.
func TestIdentifiersStayApart(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	names := []string{"S", "S\x00", "S\xff", "S\ufffd", `"S"`, `S"`, "S\x1b[2J", `"S\x00"`, "sön"}
	for _, name := range names {
		event := l.event(access.AccountingStart)
		event.Session, event.NAS = name, name
		l.record(event)
	}
	found := l.all()
	if len(found) != len(names) {
		t.Errorf("%d of %d: %+v", len(found), len(names), found)
	}
	for _, c := range found {
		if !utf8.ValidString(c.Session) || strings.ContainsAny(c.Session+c.NAS, "\x00\x1b") {
			t.Errorf("kept %q", c.Session)
		}
	}
}

func TestStaleAndPruned(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.settings.AccountingKeep = time.Hour
	l.gate.Set(l.settings)
	l.record(l.event(access.AccountingStart))
	ended := l.event(access.AccountingStop)
	ended.Session = "S2"
	l.record(ended)
	for _, c := range []struct {
		wait        time.Duration
		left, stale int
	}{{time.Hour, 2, 0}, {time.Second, 1, 1}, {time.Hour - time.Second, 1, 1}, {time.Second, 0, 0}} {
		l.clock.Add(c.wait)
		_, err := l.Prune(t.Context())
		l.must(err)
		stale := 0
		for _, connection := range l.all() {
			if connection.Stale {
				stale++
			}
		}
		if left := len(l.all()); left != c.left || stale != c.stale {
			t.Errorf("%s later %d are left, %d of them stale", c.wait, left, stale)
		}
	}
}

// Two nodes that hear of one connection at once keep one.
func TestEventsInParallel(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	second := access.NewConnections(l.store, l.anotherGate())
	var all sync.WaitGroup
	for n := range 40 {
		event := l.event([]access.AccountingStatus{access.AccountingStart, access.AccountingInterim, access.AccountingStop, access.AccountingInterim}[n%4])
		event.InputOctets = uint64(n)
		all.Go(func() {
			if err := []*access.Connections{l.Connections, second}[n%2].Record(t.Context(), event); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if c := l.one(); c.EndedAt.IsZero() || c.InputOctets != 39 {
		t.Errorf("%+v", c)
	}
}

func TestWhatCannotBeKeptIsAnError(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.must(l.store.Close())
	for _, status := range []access.AccountingStatus{access.AccountingStart, access.AccountingOn} {
		if err := l.Record(t.Context(), l.event(status)); !errors.Is(err, access.ErrStore) {
			t.Errorf("%s: %v", status, err)
		}
	}
}
