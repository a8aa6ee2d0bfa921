package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vpn-otpd/store"
)

// history writes records of ten users, one a second, on two nodes.
func (w *world) history(records int) {
	w.Helper()
	other, err := w.database.Open(w.T, w.keys, store.Options{Now: w.clock.Now, Node: "node2"})
	w.must(err)
	defer func() { w.must(other.Close()) }()
	for n := range records {
		w.clock.Add(time.Second)
		node := w.Store
		if n%3 == 0 {
			node = other
		}
		w.must(node.Update(w.Context(), func(tx *store.Tx) error {
			return tx.Audit(store.Record{Event: "login", User: fmt.Sprint("user", n%10), Client: fmt.Sprint("vpn", n%2), Detail: fmt.Sprint(n)})
		}))
	}
}

// found are the details of what a query selects, in order.
func (w *world) found(q store.LogQuery) (details string, next map[string]int64) {
	w.Helper()
	records, next, err := w.Log(w.Context(), q)
	w.must(err)
	var all []string
	for _, r := range records {
		all = append(all, r.Detail)
	}
	return strings.Join(all, " "), next
}

func testLog(w *world) {
	start := w.clock.Now()
	w.history(40)
	at := func(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }
	for want, q := range map[string]store.LogQuery{
		"37 38 39":   {Limit: 3},
		"15 25 35":   {User: "user5", Limit: 3},
		"5 15 25 35": {User: "user5", Limit: 100},
		"":           {User: "user", Limit: 100},
		"35 37 39":   {Client: "vpn1", Limit: 3},
		"10 11 12":   {Since: at(11), Until: at(14), Limit: 100},
		"11 12":      {Since: at(11), Until: at(14), Limit: 2},
		"5 15":       {User: "user5", Until: at(20), Limit: 5},
		"25 35":      {User: "user5", Since: at(20), Limit: 5},
	} {
		if got, _ := w.found(q); got != want {
			w.Errorf("%+v: %s, want %s", q, got, want)
		}
	}
	// What comes later is found from where an answer ended, with what is passed over.
	_, next := w.found(store.LogQuery{Limit: 1})
	w.history(6)
	got, next := w.found(store.LogQuery{After: next, Client: "vpn1", Limit: 2})
	more, next := w.found(store.LogQuery{After: next, Client: "vpn1", Limit: 100})
	both := strings.Fields(got + " " + more) // in any order: the nodes have pages of their own
	slices.Sort(both)
	if strings.Join(both, " ") != "1 3 5" || len(strings.Fields(got)) != 2 {
		w.Errorf("followed by %s, then %s", got, more)
	}
	if none, _ := w.found(store.LogQuery{After: next, Limit: 100}); none != "" {
		w.Errorf("then %s again", none)
	}
	all, _ := w.found(store.LogQuery{After: map[string]int64{}, Limit: 1000})
	if len(strings.Fields(all)) != 46 {
		w.Errorf("from the beginning: %s", all)
	}
}

// The pages of a long log don't lose and don't repeat anything.
func testLogPages(w *world) {
	const records = 2500
	w.update(func(tx *store.Tx) (err error) {
		for n := range records {
			err = errors.Join(err, tx.Audit(store.Record{User: "alice", Detail: fmt.Sprint(n), Client: fmt.Sprint(n % 2)}))
		}
		return err
	})
	for _, q := range []store.LogQuery{{Limit: 5000}, {User: "alice", Limit: 5000}, {After: map[string]int64{}, Limit: 5000}} {
		got, _ := w.found(q)
		words := strings.Fields(got)
		if len(words) != records || words[0] != "0" || words[records-1] != fmt.Sprint(records-1) {
			w.Errorf("%+v: %d records", q, len(words))
		}
		q.Client = "1"
		if got, _ := w.found(q); len(strings.Fields(got)) != records/2 {
			w.Errorf("every second: %d records", len(strings.Fields(got)))
		}
	}
}

// Pruning leaves a chain that holds, and a gap that can't be made by hand.
func testPruneAudit(w *world) {
	w.audit(5)
	w.clock.Add(time.Hour)
	w.audit(5)
	w.update(func(tx *store.Tx) error { return tx.CountRefusal("password_wrong", "vpn1", "", "alice") })
	prune := func(want int64) {
		w.Helper()
		pruned, err := w.PruneAudit(w.Context(), w.clock.Now())
		w.must(err)
		if pruned != want {
			w.Errorf("pruned %d, want %d", pruned, want)
		}
	}
	prune(5)
	prune(0)
	chain := func() store.Chain {
		w.Helper()
		chains, err := w.VerifyAudit(w.Context(), nil)
		w.must(err)
		return chains[0]
	}
	if c := chain(); c.Broken != 0 || c.First != 6 || c.Last != 10 || c.Pruned != 5 || len(chains(w)) != 1 {
		w.Errorf("after pruning %+v", c)
	}
	w.database.Exec(w.T, `DELETE FROM audit WHERE seq = 6`)
	if c := chain(); c.Broken != 7 {
		w.Errorf("a record taken by hand: %+v", c)
	}
	w.clock.Add(time.Hour)
	prune(0) // nothing of a broken chain is covered up
	w.database.Exec(w.T, `UPDATE audit_anchors SET seq = 6`)
	for range 2 {
		if c := chain(); c.Broken != 6 {
			w.Errorf("a beginning made by hand: %+v", c)
		}
		prune(0) // it isn't proven afterwards
	}
}

func chains(w *world) []store.Chain {
	all, err := w.VerifyAudit(w.Context(), nil)
	w.must(err)
	return all
}

// A chain that is pruned while somebody verifies it isn't broken.
func testPruneWhileVerifying(w *world) {
	w.update(func(tx *store.Tx) (err error) {
		for range 2500 {
			err = errors.Join(err, tx.Audit(store.Record{Event: "x"}))
		}
		return err
	})
	w.clock.Add(time.Hour)
	w.audit(1)
	pruned := false
	all, err := w.VerifyAudit(w.Context(), func(int64) {
		if !pruned {
			pruned = true
			_, err := w.PruneAudit(w.Context(), w.clock.Now())
			w.must(err)
		}
	})
	w.must(err)
	if len(all) != 1 || all[0].Broken != 0 || all[0].First != 2501 {
		w.Errorf("verified %+v", all)
	}
}

// A chain that was pruned to nothing goes on where it was.
// The MAC of a record proves later that the chain still goes through it, also
// where it was the last one that was pruned.
func testAuditMAC(w *world) {
	w.audit(5)
	var head []byte
	w.must(w.View(w.Context(), func(tx *store.Tx) (err error) { _, head, err = tx.AuditHead(); return err }))
	w.clock.Add(time.Hour)
	w.audit(2)
	macOf := func(seq int64) ([]byte, bool) {
		mac, found, err := w.AuditMAC(w.Context(), "node1", seq)
		w.must(err)
		return mac, found
	}
	for _, pruned := range []int64{0, 5} {
		if mac, found := macOf(5); !found || !bytes.Equal(mac, head) {
			w.Errorf("%d pruned: %x, %v, want %x", pruned, mac, found, head)
		}
		if _, found := macOf(4); found != (pruned == 0) {
			w.Errorf("%d pruned: record 4 is there: %v", pruned, found)
		}
		if _, found := macOf(8); found {
			w.Error("a record that never was")
		}
		_, err := w.PruneAudit(w.Context(), w.clock.Now().Add(-time.Minute))
		w.must(err)
	}
}

func testPruneAuditWhole(w *world) {
	w.audit(3)
	w.clock.Add(time.Hour)
	pruned, err := w.PruneAudit(w.Context(), w.clock.Now())
	w.must(err)
	w.reopen()
	w.must(w.View(w.Context(), func(tx *store.Tx) error {
		seq, mac, err := tx.AuditHead()
		if seq != 3 || len(mac) != 32 || pruned != 3 {
			w.Errorf("pruned %d, the head is %d", pruned, seq)
		}
		return err
	}))
	w.audit(1)
	if c := chains(w); len(c) != 1 || c[0].Broken != 0 || c[0].First != 4 || c[0].Last != 4 {
		w.Errorf("went on as %+v", c)
	}
}
