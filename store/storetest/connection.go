package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vpn-otpd/store"
)

// connection is one with everything in it.
func (w *world) connection(user, session string) store.Connection {
	return store.Connection{Client: "vpn1", NAS: "nas1", Session: session, Number: 1, User: user, CallingStation: "192.0.2.7",
		Address: "10.0.0.1", Address6: "2001:db8::1", StartedAt: w.clock.Now(), UpdatedAt: w.clock.Now().Add(time.Second),
		TerminateCause: "", InputOctets: 1<<63 - 1, OutputOctets: 2}
}

func (w *world) connect(c store.Connection) {
	w.Helper()
	w.want(w.does(func(tx *store.Tx) (bool, error) { return tx.AddConnection(c) }), true, "adding "+c.Session)
}

// connections lists the sessions that a query selects.
func (w *world) connections(q store.ConnectionQuery) string {
	w.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	found, err := w.Store.Connections(w.Context(), q)
	w.must(err)
	var sessions []string
	for _, c := range found {
		sessions = append(sessions, fmt.Sprintf("%s#%d", c.Session, c.Number))
	}
	return strings.Join(sessions, " ")
}

func testConnections(w *world) {
	first := w.connection("alice", "S1")
	look := func(want store.Connection, wanted bool) {
		w.Helper()
		var c store.Connection
		var found bool
		w.must(w.View(w.Context(), func(tx *store.Tx) (err error) {
			c, found, err = tx.Connection("vpn1", "nas1", "S1")
			return err
		}))
		if found != wanted || c != want {
			w.Errorf("%v\ngot  %+v\nwant %+v", found, c, want)
		}
	}
	look(store.Connection{}, false)
	w.connect(first)
	w.connect(w.connection("bob", "S2"))
	w.reopen()
	look(first, true)

	// A second one of the same id is the newest, and the first stays as it is.
	second := first
	second.Number, second.User = 2, "carol"
	w.connect(second)
	changed := second
	changed.User, changed.CallingStation, changed.Address, changed.Address6 = "dave", "c", "10.0.0.2", ""
	changed.StartedAt, changed.UpdatedAt, changed.EndedAt = first.StartedAt.Add(-time.Hour), first.StartedAt.Add(time.Hour), first.StartedAt.Add(2*time.Hour)
	changed.TerminateCause, changed.InputOctets, changed.OutputOctets = "User-Request", 5, 6
	w.update(func(tx *store.Tx) error {
		if c, found, err := tx.Connection("vpn1", "nas1", "S1"); err != nil || !found || c != second {
			w.Errorf("in an update: %v, %v, %+v", err, found, c)
		}
		return tx.ChangeConnection(changed)
	})
	look(changed, true)
	for _, test := range []struct {
		query store.ConnectionQuery
		want  string
	}{
		{store.ConnectionQuery{}, "S1#1 S2#1"},
		{store.ConnectionQuery{Ended: true}, "S1#1 S2#1 S1#2"},
		{store.ConnectionQuery{User: "alice"}, "S1#1"},
		{store.ConnectionQuery{User: "dave"}, ""},
		{store.ConnectionQuery{User: "dave", Client: "vpn1", Ended: true}, "S1#2"},
		{store.ConnectionQuery{Client: "vpn1"}, "S1#1 S2#1"},
		{store.ConnectionQuery{Client: "vpn2", Ended: true}, ""},
	} {
		if got := w.connections(test.query); got != test.want {
			w.Errorf("%+v: %q, want %q", test.query, got, test.want)
		}
	}
}

// Of all who add the same connection, one does, and the others see it.
func testConnectionOnce(w *world) {
	won := w.race(20, func(tx *store.Tx) (bool, error) {
		added, err := tx.AddConnection(w.connection("alice", "S1"))
		if err == nil && !added {
			if _, found, err := tx.Connection("vpn1", "nas1", "S1"); err != nil || !found {
				w.Errorf("who lost doesn't see it: %v", err)
			}
		}
		return added, err
	})
	if won != 1 {
		w.Errorf("added %d times", won)
	}
}

func testConnectionPages(w *world) {
	var want []string
	w.update(func(tx *store.Tx) error {
		for n := range 25 {
			c := w.connection(fmt.Sprintf("user%02d", n/2), fmt.Sprintf("S%02d", n%2))
			c.Client, c.Number = fmt.Sprint("vpn", n/20), int64(n)
			want = append(want, fmt.Sprintf("%s#%d", c.Session, n))
			if _, err := tx.AddConnection(c); err != nil {
				return err
			}
		}
		return nil
	})
	for _, limit := range []int{1, 7, 25, 100} {
		var got []string
		var after store.ConnectionPlace
		for pages := 0; pages < 30; pages++ {
			page, err := w.Store.Connections(w.Context(), store.ConnectionQuery{After: after, Limit: limit})
			w.must(err)
			if len(page) == 0 {
				break
			}
			for _, c := range page {
				got = append(got, fmt.Sprintf("%s#%d", c.Session, c.Number))
			}
			after = page[len(page)-1].Place()
		}
		if !slices.Equal(got, want) {
			w.Errorf("by %d: %v", limit, got)
		}
	}
}

// A NAS that begins anew ends what it had, and nothing else.
func testConnectionsEnd(w *world) {
	now := w.clock.Now()
	for session, change := range map[string]func(*store.Connection){
		"old":     func(*store.Connection) {},
		"new":     func(c *store.Connection) { c.StartedAt = now.Add(time.Minute) },
		"ended":   func(c *store.Connection) { c.EndedAt, c.TerminateCause = now.Add(time.Second), "User-Request" },
		"nas":     func(c *store.Connection) { c.NAS = "nas2" },
		"another": func(c *store.Connection) { c.Client = "vpn2" },
	} {
		c := w.connection("alice", session)
		change(&c)
		w.connect(c)
	}
	w.update(func(tx *store.Tx) error {
		ended, err := tx.EndConnections("vpn1", "nas1", now, now.Add(time.Hour), "Accounting-On")
		if ended != 1 {
			w.Errorf("ended %d", ended)
		}
		return err
	})
	if open := w.connections(store.ConnectionQuery{}); open != "new#1 nas#1 another#1" {
		w.Errorf("open are %s", open)
	}
	all, err := w.Store.Connections(w.Context(), store.ConnectionQuery{Ended: true, Limit: 10})
	w.must(err)
	for _, c := range all {
		if c.Session == "old" && (!c.EndedAt.Equal(now.Add(time.Hour)) || c.TerminateCause != "Accounting-On") ||
			c.Session == "ended" && (!c.EndedAt.Equal(now.Add(time.Second)) || c.TerminateCause != "User-Request") {
			w.Errorf("%+v", c)
		}
	}
}

func testPruneConnections(w *world) {
	now := w.clock.Now()
	for session, change := range map[string]func(*store.Connection){
		"ended long ago": func(c *store.Connection) { c.EndedAt = now.Add(-2 * time.Hour) },
		"ended lately":   func(c *store.Connection) { c.EndedAt = now.Add(-time.Hour) },
		"open":           func(c *store.Connection) { c.UpdatedAt = now.Add(-3 * time.Hour) },
		"silent":         func(c *store.Connection) { c.UpdatedAt = now.Add(-5 * time.Hour) },
	} {
		c := w.connection("alice", session)
		change(&c)
		w.connect(c)
	}
	const many = 2500 // more than one transaction removes
	w.must(w.Update(w.Context(), func(tx *store.Tx) (err error) {
		for n := range many {
			c := w.connection("alice", fmt.Sprint("of many ", n))
			c.EndedAt = now.Add(-3 * time.Hour)
			_, added := tx.AddConnection(c)
			err = errors.Join(err, added)
		}
		return err
	}))
	for _, want := range []int64{2 + many, 0} {
		pruned, err := w.PruneConnections(w.Context(), now.Add(-90*time.Minute), now.Add(-4*time.Hour))
		w.must(err)
		if pruned != want {
			w.Errorf("pruned %d", pruned)
		}
	}
	if left := w.connections(store.ConnectionQuery{Ended: true}); left != "ended lately#1 open#1" {
		w.Errorf("left are %s", left)
	}
}
