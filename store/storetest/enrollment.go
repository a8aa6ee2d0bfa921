package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"time"

	"vpn-otpd/store"
)

// pending is an enrollment of alice's that begins.
func (w *world) pending(id string, kind store.EnrollmentKind) store.Enrollment {
	w.Helper()
	e := store.Enrollment{User: "alice", ID: []byte(id), Kind: kind, Epoch: 7, Client: "vpn1", Source: "192.0.2.1", Ticket: []byte("ticket " + id),
		Algorithm: "SHA1", Digits: 6, Period: 30, Label: "phone", Replaces: "old", ExpiresAt: w.clock.Now().Add(10 * time.Minute)}
	w.update(func(tx *store.Tx) error { return tx.AddEnrollment(e) })
	e.CreatedAt = w.clock.Now()
	return e
}

// look returns an enrollment of alice's that must be there, or not.
func (w *world) look(id string) (e store.Enrollment, found bool) {
	w.Helper()
	w.must(w.View(w.Context(), func(tx *store.Tx) (err error) {
		e, found, err = tx.Enrollment("alice", []byte(id))
		return err
	}))
	return e, found
}

func testEnrollments(w *world) {
	e := w.pending("first", store.EnrollmentFirstUse)
	w.reopen()
	if got, found := w.look("first"); !found || !reflect.DeepEqual(got, e) {
		w.Errorf("kept %+v, not %+v", got, e)
	}
	w.update(func(tx *store.Tx) (err error) {
		e, err = tx.SetEnrollmentSecret(e, secret, w.clock.Now().Add(time.Minute))
		return err
	})
	e.Label, e.ConfirmedStep, e.ConfirmedField, e.Recovery = "tablet", 42, []byte("field"), []byte("macs")
	w.update(func(tx *store.Tx) error {
		return errors.Join(tx.ConfirmEnrollment(e), tx.ContestEnrollment(e), tx.ExtendEnrollment(e, w.clock.Now().Add(time.Hour)))
	})
	e.Contested, e.ConfirmedAt = true, w.clock.Now()
	e.ExpiresAt, e.SecretUntil = w.clock.Now().Add(time.Hour), w.clock.Now().Add(time.Hour)
	w.reopen()
	got, found := w.look("first")
	if !found || !reflect.DeepEqual(got, e) {
		w.Errorf("kept %+v, not %+v", got, e)
	}
	opened, err := w.OpenPending(got)
	if err != nil || !bytes.Equal(opened, secret) {
		w.Errorf("opened %q, %v", opened, err)
	}
	w.update(func(tx *store.Tx) (err error) { // a new secret voids what was confirmed of the old one
		_, err = tx.SetEnrollmentSecret(e, secret, w.clock.Now())
		return err
	})
	if got, _ := w.look("first"); got.ConfirmedStep != 0 || got.ConfirmedField != nil || !got.ConfirmedAt.IsZero() || got.Recovery != nil {
		w.Errorf("still confirmed: %+v", got)
	}
	err = w.Update(w.Context(), func(tx *store.Tx) error {
		return tx.ContestEnrollment(store.Enrollment{User: "alice", ID: []byte("none")})
	})
	if err == nil {
		w.Error("an enrollment that isn't there was changed")
	}
}

// An enrollment's secret opens nowhere else, and its key stays while it lives.
func testEnrollmentSealed(w *world) {
	e := w.pending("first", store.EnrollmentSession)
	w.update(func(tx *store.Tx) (err error) {
		e, err = tx.SetEnrollmentSecret(e, secret, w.clock.Now().Add(time.Minute))
		return err
	})
	for name, other := range map[string]store.Enrollment{
		"another user's": {User: "bob", ID: e.ID, Algorithm: e.Algorithm, Sealed: e.Sealed},
		"another id":     {User: e.User, ID: []byte("other"), Algorithm: e.Algorithm, Sealed: e.Sealed},
		"none":           {User: e.User, ID: e.ID, Algorithm: e.Algorithm},
	} {
		if _, err := w.OpenPending(other); err == nil {
			w.Errorf("opened as %s", name)
		}
	}
	if _, err := w.OpenSecret(store.Device{User: e.User, Algorithm: e.Algorithm, Sealed: e.Sealed}); err == nil {
		w.Error("opened as a device's")
	}
	w.must(w.SetKeys(w.Context(), store.Keys{Key(2), Key(1)}))
	if err := w.SetKeys(w.Context(), store.Keys{Key(2)}); !errors.Is(err, store.ErrWrongKey) {
		w.Errorf("a key in use was left out: %v", err)
	}
	w.update(func(tx *store.Tx) error { // an invitation outlives the secret it has shown
		_, err := tx.SetEnrollmentSecret(e, secret, w.clock.Now().Add(time.Minute))
		return err
	})
	w.clock.Add(time.Minute)
	w.must(w.SetKeys(w.Context(), store.Keys{Key(2)}))
	w.must(w.Prune(w.Context()))
	if left, found := w.look("first"); !found || left.Sealed != nil {
		w.Errorf("left %+v", left)
	}
}

func testEnrollmentFound(w *world) {
	w.pending("first", store.EnrollmentFirstUse)
	w.clock.Add(time.Second)
	w.pending("second", store.EnrollmentFirstUse)
	w.pending("session", store.EnrollmentSession)
	find := func(look func(*store.Tx) (store.Enrollment, bool, error)) (id string) {
		w.must(w.View(w.Context(), func(tx *store.Tx) error {
			e, _, err := look(tx)
			id = string(e.ID)
			return err
		}))
		return id
	}
	byTicket := func(ticket string) string {
		return find(func(tx *store.Tx) (store.Enrollment, bool, error) { return tx.EnrollmentByTicket([]byte(ticket)) })
	}
	byKind := func(kind store.EnrollmentKind) string {
		return find(func(tx *store.Tx) (store.Enrollment, bool, error) { return tx.EnrollmentOfKind("alice", kind) })
	}
	if a, b, c := byTicket("ticket first"), byTicket("other"), byKind(store.EnrollmentFirstUse); a != "first" || b != "" || c != "second" {
		w.Errorf("found %q, %q and %q", a, b, c)
	}
	w.update(func(tx *store.Tx) error { return tx.RemoveTickets("alice") })
	if a, b := byKind(store.EnrollmentFirstUse), byKind(store.EnrollmentSession); a != "" || b != "session" {
		w.Errorf("left %q and %q", a, b)
	}
	w.clock.Add(10 * time.Minute)
	if _, found := w.look("session"); found {
		w.Error("an expired one was found")
	}
	w.pending("last", store.EnrollmentInvitation)
	w.update(func(tx *store.Tx) error { return tx.RemoveEnrollments("alice") })
	if _, found := w.look("last"); found {
		w.Error("a removed one was found")
	}
}

// Of all that open an enrollment, and of all that take it, one wins.
func testEnrollmentInParallel(w *world) {
	for round := range 20 {
		e := w.pending(fmt.Sprint("id", round), store.EnrollmentInvitation)
		if won := w.race(20, func(tx *store.Tx) (bool, error) { return tx.OpenEnrollment(e) }); won != 1 {
			w.Errorf("one ticket was opened by %d", won)
		}
		if won := w.race(20, func(tx *store.Tx) (bool, error) { return tx.TakeEnrollment(e.User, e.ID) }); won != 1 {
			w.Errorf("one enrollment was taken by %d", won)
		}
	}
}

func testSessions(w *world) {
	ctx := w.Context()
	look := func(token string) string {
		w.Helper()
		data, found, err := w.Session(ctx, token)
		w.must(err)
		w.want(found, data != nil, "a session's data")
		return string(data)
	}
	save := func(token, old, data string, lifetime time.Duration) bool {
		w.Helper()
		var before []byte
		if old != "" {
			before = []byte(old)
		}
		saved, err := w.SaveSession(ctx, token, before, []byte(data), w.clock.Now().Add(lifetime))
		w.must(err)
		return saved
	}
	remove := func(token string, old []byte) bool {
		w.Helper()
		removed, err := w.RemoveSession(ctx, token, old)
		w.must(err)
		return removed
	}
	w.want(save("a", "", "first", time.Minute), true, "a new one")
	w.want(save("a", "", "again", time.Minute), false, "a new one in place of another")
	w.want(save("a", "first", "second", time.Hour), true, "a change")
	w.want(save("a", "first", "third", time.Hour), false, "a change of what isn't there any more")
	w.want(save("b", "", "other", time.Minute), true, "another")
	w.want(save("c", "first", "third", time.Minute), false, "a change of one that was ended")
	w.reopen()
	w.clock.Add(time.Minute)
	if a, b, c := look("a"), look("b"), look("c"); a != "second" || b != "" || c != "" {
		w.Errorf("kept %q, %q and %q", a, b, c)
	}
	w.want(remove("a", []byte("first")), false, "ending what has changed")
	w.want(remove("a", []byte("second")), true, "ending")
	w.want(remove("a", nil), false, "ending again")
	w.want(save("a", "", "fourth", time.Hour), true, "a new one after it")
	w.want(remove("a", nil), true, "ending whatever is there")
	if a := look("a"); a != "" {
		w.Errorf("after its end %q", a)
	}
}

func testOutbox(w *world) {
	ctx := w.Context()
	n := store.Notice{Channel: "mail", User: "alice", Event: "reset", Address: "192.0.2.1", Device: "phone", Actor: "root"}
	w.update(func(tx *store.Tx) error { return tx.AddNotice(n) })
	at := w.clock.Now()
	w.clock.Add(time.Second)
	w.update(func(tx *store.Tx) error { return tx.AddNotice(store.Notice{Channel: "webhook", User: "bob"}) })
	w.reopen()
	claim := func(limit int) []store.Notice {
		w.Helper()
		notices, err := w.ClaimNotices(ctx, time.Minute, limit)
		w.must(err)
		return notices
	}
	first := claim(1)
	if len(first) != 1 {
		w.Fatalf("claimed %+v", first)
	}
	n.ID, n.At, n.Tries = first[0].ID, at, 1
	if !reflect.DeepEqual(first[0], n) {
		w.Errorf("claimed %+v, not %+v", first[0], n)
	}
	if rest := claim(10); len(rest) != 1 || rest[0].User != "bob" {
		w.Errorf("then %+v", rest)
	}
	if none := claim(10); len(none) != 0 {
		w.Errorf("claimed twice: %+v", none)
	}
	w.must(w.RetryNotice(ctx, n.ID, w.clock.Now().Add(time.Hour)))
	w.clock.Add(time.Minute) // the other's lease is over
	if again := claim(10); len(again) != 1 || again[0].User != "bob" || again[0].Tries != 2 {
		w.Errorf("after the lease %+v", again)
	}
	w.must(w.RemoveNotice(ctx, n.ID))
	w.clock.Add(2 * time.Hour)
	if last := claim(10); len(last) != 1 || last[0].User != "bob" {
		w.Errorf("after its removal %+v", last)
	}
	w.clock.Add(72 * time.Hour)
	w.must(w.Prune(ctx))
	if old := claim(10); len(old) != 0 {
		w.Errorf("kept for ever: %+v", old)
	}
}

// A notice is claimed by one of all who look, and goes with its transaction.
func testOutboxOnce(w *world) {
	failed := errors.New("on purpose")
	if err := w.Update(w.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.AddNotice(store.Notice{User: "mallory"}), failed)
	}); !errors.Is(err, failed) {
		w.Error(err)
	}
	for n := range 20 {
		w.update(func(tx *store.Tx) error { return tx.AddNotice(store.Notice{User: fmt.Sprint("user", n)}) })
	}
	claimed := make(chan string, 1000)
	done := make(chan error, 8)
	for range 8 {
		go func() {
			for {
				notices, err := w.ClaimNotices(w.Context(), time.Minute, 3)
				for _, n := range notices {
					claimed <- n.User
				}
				if err != nil || len(notices) == 0 {
					done <- err
					return
				}
			}
		}()
	}
	for range 8 {
		w.must(<-done)
	}
	close(claimed)
	seen := make(map[string]int)
	for user := range claimed {
		seen[user]++
	}
	for user, times := range seen {
		if times != 1 || user == "mallory" {
			w.Errorf("%s was claimed %d times", user, times)
		}
	}
	if len(seen) != 20 {
		w.Errorf("%d of 20 were claimed", len(seen))
	}
}

// What the page shows of a user: the newest of all nodes, and of nobody else.
func testRecent(w *world) {
	for n := range 5 {
		w.clock.Add(time.Second)
		w.update(func(tx *store.Tx) error {
			return errors.Join(tx.Audit(store.Record{Event: fmt.Sprint("event", n), User: "alice"}), tx.Audit(store.Record{Event: "other", User: "bob"}))
		})
	}
	for range 3 {
		w.clock.Add(time.Minute)
		for range 2 {
			w.update(func(tx *store.Tx) error { return tx.CountRefusal("password_wrong", "web", "192.0.2.0/24", "alice") })
		}
	}
	w.must(w.View(w.Context(), func(tx *store.Tx) error {
		records, err := tx.RecentRecords("alice", 3)
		w.must(err)
		refusals, err := tx.RecentRefusals("alice", 2)
		w.must(err)
		if len(records) != 3 || records[0].Event != "event4" || records[2].Event != "event2" {
			w.Errorf("records %+v", records)
		}
		want := store.Refusals{Minute: w.clock.Now().Truncate(time.Minute), Reason: "password_wrong", Client: "web", Source: "192.0.2.0/24", Count: 2}
		if len(refusals) != 2 || !refusals[0].Minute.Equal(want.Minute) || refusals[0].Count != 2 || refusals[0].Source != want.Source {
			w.Errorf("refusals %+v", refusals)
		}
		return nil
	}))
}
