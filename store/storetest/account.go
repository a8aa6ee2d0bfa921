package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"vpn-otpd/store"
)

func testAccounts(w *world) {
	_, found, err := w.Account(w.Context(), "alice")
	w.must(err)
	w.want(found, false, "a user of an empty store")
	add := func(tx *store.Tx) (bool, error) { return tx.AddAccount("alice") }
	w.want(w.does(add), true, "adding")
	w.want(w.does(add), false, "adding again")
	lock := store.Lock{Failures: 3, FailedAt: w.clock.Now(), Level: 2, Until: w.clock.Now().Add(time.Hour), Field: []byte("field")}
	w.update(func(tx *store.Tx) error {
		return errors.Join(tx.SetPasswordHash("alice", "hash"), tx.SetDisabled("alice", true),
			tx.SetPolicy("alice", store.PolicyExempt, "abroad", w.clock.Now().Add(time.Hour)), tx.SetGroups("alice", "list 1", []string{"staff", "a,b"}), tx.SetReset("alice"), tx.SetLock("alice", lock))
	})
	w.reopen()
	a := w.account("alice")
	if a.PasswordHash != "hash" || !a.Disabled || a.Policy != store.PolicyExempt || !reflect.DeepEqual(a.Lock, lock) || !a.CreatedAt.Equal(w.clock.Now()) ||
		!a.ResetAt.Equal(w.clock.Now()) || !a.PolicyAt.Equal(w.clock.Now()) || a.EverEnrolled ||
		a.PolicyReason != "abroad" || !a.PolicyUntil.Equal(w.clock.Now().Add(time.Hour)) || !reflect.DeepEqual(a.Groups, []string{"staff", "a,b"}) || a.GroupsOf != "list 1" {
		w.Errorf("kept %+v", a)
	}
	for _, change := range []func(*store.Tx) error{
		func(tx *store.Tx) error { return tx.SetDisabled("nobody", true) },
		func(tx *store.Tx) error { return tx.RaiseEpoch("nobody") },
		func(tx *store.Tx) error { return tx.SetPolicy("alice", "never", "", time.Time{}) },
		func(tx *store.Tx) error { return tx.SetGroups("nobody", "", nil) },
	} {
		if w.Update(w.Context(), change) == nil {
			w.Error("a change that can't be was made")
		}
	}
	testPages(w)
}

// testPages adds to alice the users u000 to u119.
func testPages(w *world) {
	w.update(func(tx *store.Tx) error {
		for n := range 120 {
			if _, err := tx.AddAccount(fmt.Sprintf("u%03d", n)); err != nil {
				return err
			}
		}
		return nil
	})
	var all []string
	for after := ""; ; {
		page, err := w.Accounts(w.Context(), after, 50)
		w.must(err)
		if len(page) == 0 {
			break
		}
		for _, a := range page {
			all = append(all, a.Name)
		}
		after = page[len(page)-1].Name
	}
	if len(all) != 121 || all[0] != "alice" || all[120] != "u119" {
		w.Errorf("%d users, from %s to %s", len(all), all[0], all[len(all)-1])
	}
	w.update(func(tx *store.Tx) error {
		_, err := tx.AddDevice(phone("u118"), secret)
		return err
	})
	listed, err := w.Summaries(w.Context(), "u116", 2)
	w.must(err)
	if len(listed) != 2 || listed[0] != (store.Summary{Name: "u117", Policy: store.PolicyDefault}) || listed[1].Name != "u118" || listed[1].Devices != 1 {
		w.Errorf("listed %+v", listed)
	}
	alice, err := w.Summaries(w.Context(), "", 1)
	w.must(err)
	if !alice[0].Disabled || alice[0].Policy != store.PolicyExempt || !alice[0].LockedUntil.Equal(w.account("alice").Lock.Until) {
		w.Errorf("listed %+v", alice)
	}
	names, err := w.Names(w.Context(), "u117", 10)
	w.must(err)
	counts, err := w.Count(w.Context())
	w.must(err)
	if strings.Join(names, " ") != "u118 u119" || counts.Users != 121 || counts.Enrolled != 1 || !reflect.DeepEqual(counts.Exempt, []store.Exemption{{User: "alice", Reason: "abroad", Until: w.account("alice").PolicyUntil}}) {
		w.Errorf("names %v, counts %+v", names, counts)
	}
}

// A page shows of each user what is there of one alone.
func testPageIsWhole(w *world) {
	soon := w.clock.Now().Add(time.Hour)
	for n, name := range []string{"a", "b", "c", "d"} {
		w.enroll(name, []byte(strings.Repeat(name, 20)))
		w.update(func(tx *store.Tx) error {
			_, err := tx.AddDevice(store.Device{User: name, Label: "second", Algorithm: "SHA256", Digits: 8, Period: 60}, []byte(strings.Repeat(name, 16)))
			return errors.Join(err, tx.ReplaceRecoveryCodes(name, [][]byte{{1}, {2}, {3}}[:n]),
				tx.AddTemporaryCode(name, store.TemporaryCode{MAC: []byte("live"), Uses: 1, ExpiresAt: soon}),
				tx.AddTemporaryCode(name, store.TemporaryCode{MAC: []byte("expired"), Uses: 1, ExpiresAt: w.clock.Now()}))
		})
	}
	w.update(func(tx *store.Tx) error { _, err := tx.RemoveDevices("b"); return err })
	page, err := w.Accounts(w.Context(), "a", 2)
	w.must(err)
	if len(page) != 2 || page[0].Name != "b" || len(page[1].Devices) != 2 || page[1].RecoveryCodes != 2 || page[1].TemporaryCodes != 1 {
		w.Errorf("the page is %+v", page)
	}
	for _, account := range page {
		alone, _, err := w.FullAccount(w.Context(), account.Name)
		w.must(err)
		if !reflect.DeepEqual(account, alone) {
			w.Errorf("on the page %+v, alone %+v", account, alone)
		}
	}
}

// An epoch never comes back, not even to a name that was deleted.
func testEpochs(w *world) {
	w.enroll("alice", secret)
	last := w.account("alice").Epoch
	for range 5 {
		w.update(func(tx *store.Tx) error { return tx.RaiseEpoch("alice") })
		if now := w.account("alice").Epoch; now <= last {
			w.Errorf("epoch %d after %d", now, last)
		} else {
			last = now
		}
	}
	w.clock.Add(time.Second)
	w.want(w.does(func(tx *store.Tx) (bool, error) { return tx.DeleteAccount("alice") }), true, "deleting")
	w.want(w.does(func(tx *store.Tx) (bool, error) { return tx.DeleteAccount("alice") }), false, "deleting again")
	w.enroll("alice", secret)
	if now := w.account("alice").Epoch; now <= last {
		w.Errorf("after deletion epoch %d, before it %d", now, last)
	}
}

func testDevices(w *world) {
	first := w.enroll("alice", secret)
	opened, err := w.OpenSecret(w.account("alice").Devices[0])
	w.must(err)
	if !bytes.Equal(opened, secret) || first.Label != "phone" || first.LastStep != 0 || !w.account("alice").EverEnrolled {
		w.Errorf("kept %q, %+v", opened, first)
	}
	for name, device := range map[string]store.Device{"the same label": phone("alice"), "the same secret": {User: "alice", Label: "other", Algorithm: "SHA1", Digits: 6, Period: 30}} {
		other := []byte("another secret of it")
		if name == "the same secret" {
			other = secret
		}
		err := w.Update(w.Context(), func(tx *store.Tx) error {
			_, err := tx.AddDevice(device, other)
			return err
		})
		if !errors.Is(err, store.ErrExists) {
			w.Errorf("%s: %v", name, err)
		}
	}
	// It is no fault of the transaction: what else the update does counts.
	w.update(func(tx *store.Tx) error {
		if _, err := tx.AddDevice(phone("alice"), secret); !errors.Is(err, store.ErrExists) {
			w.Errorf("in a longer update: %v", err)
		}
		_, err := tx.AddAccount("carol")
		return err
	})
	w.account("carol")
	err = w.Update(w.Context(), func(tx *store.Tx) error { _, err := tx.AddDevice(phone("nobody"), secret); return err })
	if err == nil || errors.Is(err, store.ErrExists) {
		w.Errorf("a device of nobody: %v", err)
	}
	w.enroll("bob", secret) // somebody else may have it
	remove := func(tx *store.Tx) (bool, error) { return tx.RemoveDevice("alice", "phone") }
	w.want(w.does(remove), true, "removing")
	w.want(w.does(remove), false, "removing again")
	if len(w.account("bob").Devices) != 1 || len(w.account("alice").Devices) != 0 || !w.account("alice").EverEnrolled {
		w.Error("the wrong device is gone")
	}
	added := w.race(20, func(tx *store.Tx) (bool, error) {
		_, err := tx.AddDevice(phone("alice"), secret)
		if errors.Is(err, store.ErrExists) {
			return false, nil
		}
		return err == nil, err
	})
	if added != 1 || len(w.account("alice").Devices) != 1 {
		w.Errorf("one device was added %d times", added)
	}
}
