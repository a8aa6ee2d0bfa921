package storetest

import (
	"reflect"
	"time"

	"vpn-otpd/store"
)

func testRemembered(w *world) {
	w.enroll("alice", secret)
	w.enroll("bob", secret)
	now := w.clock.Now()
	laptop := store.Remembered{User: "alice", MAC: []byte("laptop"), Client: "vpn1", CallingStation: "192.0.2.7",
		Epoch: 7, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	phone, bobs := laptop, laptop
	phone.MAC, phone.CreatedAt = []byte("phone"), now.Add(time.Second)
	bobs.User = "bob"
	for _, login := range []store.Remembered{laptop, phone, bobs} {
		w.update(func(tx *store.Tx) error { return tx.Remember(login) })
	}
	w.reopen()
	w.wantRemembered("alice", phone, laptop)
	laptop.Epoch, laptop.CreatedAt, laptop.ExpiresAt = 8, now.Add(time.Minute), now.Add(2*time.Hour)
	w.update(func(tx *store.Tx) error { return tx.Remember(laptop) })
	w.wantRemembered("alice", laptop, phone)
	found := func(user, mac string) func(*store.Tx) (bool, error) {
		return func(tx *store.Tx) (bool, error) {
			login, found, err := tx.Remembered(user, []byte(mac))
			if found && (login.User != user || string(login.MAC) != mac) {
				w.Errorf("asked for %s of %s, got %+v", mac, user, login)
			}
			return found, err
		}
	}
	w.want(w.does(found("alice", "laptop")), true, "one that is there")
	w.want(w.does(found("bob", "phone")), false, "another user's")
	w.want(w.does(func(tx *store.Tx) (bool, error) { n, err := tx.ForgetLogins("alice"); return n == 2, err }), true, "forgetting both")
	w.wantRemembered("alice")
	w.wantRemembered("bob", bobs)
	w.clock.Add(time.Hour)
	w.must(w.Prune(w.Context()))
	w.wantRemembered("bob")
	w.update(func(tx *store.Tx) error { return tx.Remember(laptop) })
	w.update(func(tx *store.Tx) error { _, err := tx.DeleteAccount("alice"); return err })
	w.wantRemembered("alice")
}

func (w *world) wantRemembered(user string, want ...store.Remembered) {
	w.Helper()
	w.must(w.View(w.Context(), func(tx *store.Tx) error {
		kept, err := tx.RememberedLogins(user)
		if len(kept) != len(want) {
			w.Errorf("%s: %d remembered, want %d", user, len(kept), len(want))
			return err
		}
		for i := range kept {
			if !kept[i].CreatedAt.Equal(want[i].CreatedAt) || !kept[i].ExpiresAt.Equal(want[i].ExpiresAt) {
				w.Errorf("%s: %+v, want %+v", user, kept[i], want[i])
			}
			kept[i].CreatedAt, kept[i].ExpiresAt = want[i].CreatedAt, want[i].ExpiresAt
			if !reflect.DeepEqual(kept[i], want[i]) {
				w.Errorf("%s: %+v, want %+v", user, kept[i], want[i])
			}
		}
		return err
	}))
}
