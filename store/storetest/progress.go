package storetest

import (
	"fmt"
	"reflect"

	"vpn-otpd/store"
)

func testProgress(w *world) {
	w.enroll("alice", secret)
	for _, name := range []string{"bob", "carol"} {
		w.update(func(tx *store.Tx) error { _, err := tx.AddAccount(name); return err })
	}
	w.update(func(tx *store.Tx) error { return tx.SetGroups("bob", "list 1", []string{"staff"}) })
	got := func(after string, limit int) (all []string) {
		progresses, err := w.Progresses(w.Context(), after, limit)
		w.must(err)
		for _, p := range progresses {
			all = append(all, fmt.Sprintf("%s %v %v", p.Name, p.Enrolled, p.Groups))
			account, _, err := w.Store.Account(w.Context(), p.Name)
			w.must(err)
			if account.Devices = nil; !reflect.DeepEqual(account, p.Account) {
				w.Errorf("%+v\nwant %+v", p.Account, account)
			}
		}
		return all
	}
	for _, c := range []struct {
		after string
		limit int
		want  []string
	}{
		{"", 10, []string{"alice true []", "bob false [staff]", "carol false []"}},
		{"", 2, []string{"alice true []", "bob false [staff]"}},
		{"alice", 1, []string{"bob false [staff]"}},
		{"carol", 1, nil},
	} {
		if all := got(c.after, c.limit); !reflect.DeepEqual(all, c.want) {
			w.Errorf("after %q: %q, want %q", c.after, all, c.want)
		}
	}
}
