package storetest

import (
	"fmt"
	"strings"
	"time"

	"vpn-otpd/store"
)

func (w *world) audit(n int) {
	w.Helper()
	for i := range n {
		w.update(func(tx *store.Tx) error {
			return tx.Audit(store.Record{Decision: fmt.Sprint("d", i), Event: "login", Reason: "totp_accepted", User: fmt.Sprint("user", i%2),
				Client: "vpn1", CallingStation: "192.0.2.1", Actor: store.Actor{UID: -1}, Detail: "x"})
		})
	}
}

func (w *world) broken() (broken int64) {
	w.Helper()
	chains, err := w.VerifyAudit(w.Context(), nil)
	w.must(err)
	for _, c := range chains {
		if c.Node == "node1" {
			broken = c.Broken
		}
	}
	return broken
}

func testAudit(w *world) {
	w.audit(3)
	w.reopen()
	w.clock.Add(time.Minute)
	w.audit(2)
	records, _, err := w.Log(w.Context(), store.LogQuery{User: "user1", Limit: 10})
	w.must(err)
	w.must(w.View(w.Context(), func(tx *store.Tx) error {
		if len(records) != 2 || records[0].Seq != 2 || records[1].Seq != 5 || records[1].Client != "vpn1" || records[1].Actor.UID != -1 || !records[1].At.Equal(w.clock.Now()) {
			w.Errorf("records %+v", records)
		}
		seq, mac, headErr := tx.AuditHead()
		if headErr != nil || seq != 5 || len(mac) != 32 {
			w.Errorf("the head is %d, %x, %v", seq, mac, headErr)
		}
		return nil
	}))
	if broken := w.broken(); broken != 0 {
		w.Errorf("broken at %d", broken)
	}
}

// The chain holds over whatever octets a client sends.
func testAuditOctets(w *world) {
	for _, text := range []string{"a\x00b", "\xff\xfe", "\n\r\t", "ä\u202e", strings.Repeat("x", 5000)} {
		w.update(func(tx *store.Tx) error {
			return tx.Audit(store.Record{Event: text, Reason: text, User: text, Client: text, CallingStation: text, Actor: store.Actor{Name: text}, Detail: text})
		})
	}
	w.reopen()
	if broken := w.broken(); broken != 0 {
		w.Errorf("broken at %d", broken)
	}
}

// Whatever is changed, the first record that doesn't fit is named.
func testAuditBroken(w *world) {
	w.audit(5)
	for _, test := range []struct {
		query, back string
		want        int64
	}{
		{`UPDATE audit SET reason = 'code_wrong' WHERE seq = 3`, `UPDATE audit SET reason = 'totp_accepted' WHERE seq = 3`, 3},
		{`UPDATE audit SET at = at + 1 WHERE seq = 2`, `UPDATE audit SET at = at - 1 WHERE seq = 2`, 2},
		{`UPDATE audit SET user_name = 'user01', client = 'vpn' WHERE seq = 1`, `UPDATE audit SET user_name = 'user0', client = 'vpn1' WHERE seq = 1`, 1},
		{`UPDATE audit SET actor_uid = 0, actor_name = 'root' WHERE seq = 4`, `UPDATE audit SET actor_uid = -1, actor_name = '' WHERE seq = 4`, 4},
		{`UPDATE audit SET node = 'node2' WHERE seq = 5`, `UPDATE audit SET node = 'node1' WHERE seq = 5`, 0}, // cut off: only a head kept elsewhere tells
		{`DELETE FROM audit WHERE seq = 4`, ``, 5},
		{`DELETE FROM audit WHERE seq = 1`, ``, 2},
	} {
		w.database.Exec(w.T, test.query)
		if broken := w.broken(); broken != test.want {
			w.Errorf("%s: broken at %d, want %d", test.query, broken, test.want)
		}
		if test.back != "" {
			w.database.Exec(w.T, test.back)
			if broken := w.broken(); broken != 0 {
				w.Errorf("%s: still broken at %d", test.back, broken)
			}
		}
	}
}

// A record from before a restored backup is a true one, but not of this chain.
func testAuditForked(w *world) {
	w.audit(3)
	w.database.Exec(w.T, `CREATE TABLE aside AS SELECT * FROM audit WHERE seq = 3`)
	w.database.Exec(w.T, `DELETE FROM audit WHERE seq = 3`)
	w.clock.Add(time.Minute)
	w.audit(2)
	if broken := w.broken(); broken != 0 {
		w.Errorf("after the restore: broken at %d", broken)
	}
	w.database.Exec(w.T, `DELETE FROM audit WHERE seq = 3`)
	w.database.Exec(w.T, `INSERT INTO audit SELECT * FROM aside`)
	if broken := w.broken(); broken != 4 {
		w.Errorf("with a record of another history: broken at %d", broken)
	}
}

func testRefusals(w *world) {
	for range 3 {
		w.update(func(tx *store.Tx) error { return tx.CountRefusal("password_wrong", "vpn1", "192.0.2.0/24", "alice") })
	}
	w.clock.Add(time.Minute)
	w.update(func(tx *store.Tx) error { return tx.CountRefusal("password_wrong", "vpn1", "192.0.2.0/24", "alice") })
	w.database.Exec(w.T, `INSERT INTO meta (name, value) SELECT 'rows', CAST(count(*) AS TEXT) || ' ' || CAST(max(count) AS TEXT) FROM refusals`)
	w.update(func(tx *store.Tx) error {
		rows, err := tx.Meta("rows")
		if rows != "2 3" {
			w.Errorf("rows and largest count: %s", rows)
		}
		return err
	})
}
