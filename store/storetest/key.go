package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"

	"vpn-otpd/store"
)

// A sealed secret is bound to its user, device and algorithm.
func testSealed(w *world) {
	w.enroll("alice", secret)
	w.enroll("mallory", []byte("a secret of mallory's"))
	stored := w.account("alice").Devices[0]
	if bytes.Contains(stored.Sealed, secret) {
		w.Error("the secret is there in clear")
	}
	for name, change := range map[string]func(*store.Device){
		"other user":      func(d *store.Device) { d.User = "mallory" },
		"other device":    func(d *store.Device) { d.ID++ },
		"other algorithm": func(d *store.Device) { d.Algorithm = "SHA256" },
		"one bit":         func(d *store.Device) { d.Sealed[40] ^= 1 },
		"other key":       func(d *store.Device) { d.Sealed[0] ^= 1 },
		"cut":             func(d *store.Device) { d.Sealed = d.Sealed[:20] },
		"nothing":         func(d *store.Device) { d.Sealed = nil },
	} {
		moved := stored
		moved.Sealed = bytes.Clone(stored.Sealed)
		change(&moved)
		if opened, err := w.OpenSecret(moved); err == nil {
			w.Errorf("%s: opened as %q", name, opened)
		}
	}
	// The row itself, copied to another user in the database.
	w.database.Exec(w.T, `UPDATE devices SET secret = (SELECT secret FROM devices WHERE user_name = 'alice') WHERE user_name = 'mallory'`)
	if _, err := w.OpenSecret(w.account("mallory").Devices[0]); err == nil {
		w.Error("alice's row was opened for mallory")
	}
}

// The key changes while updates go on; the old one isn't needed afterwards, and
// MACs stay what they were.
func testRotation(w *world) {
	const users = 450 // more than one batch
	for n := range users {
		w.enroll(fmt.Sprint("user", n), secret)
	}
	mac := w.MAC(store.PurposeCode, []byte("code"))
	var all sync.WaitGroup
	stop := make(chan struct{})
	all.Go(func() {
		for n := users; ; n++ {
			select {
			case <-stop:
				return
			default:
				w.enroll(fmt.Sprint("user", n), secret)
			}
		}
	})
	err := w.SetKeys(w.Context(), store.Keys{Key(2), Key(1)})
	close(stop)
	all.Wait()
	w.must(err)
	w.must(w.Reseal(w.Context()))
	w.keys = store.Keys{Key(2)}
	w.reopen()
	for after := ""; ; {
		page, err := w.Accounts(w.Context(), after, 100)
		w.must(err)
		if len(page) == 0 {
			break
		}
		for _, a := range page {
			if opened, err := w.OpenSecret(a.Devices[0]); err != nil || !bytes.Equal(opened, secret) {
				w.Fatalf("%s: %v", a.Name, err)
			}
		}
		after = page[len(page)-1].Name
	}
	if !bytes.Equal(mac, w.MAC(store.PurposeCode, []byte("code"))) {
		w.Error("MACs have changed with the key")
	}
}

func testWrongKey(w *world) {
	w.enroll("alice", secret)
	if err := w.SetKeys(w.Context(), store.Keys{Key(2)}); !errors.Is(err, store.ErrWrongKey) {
		w.Errorf("taking a foreign key: %v", err)
	}
	_, err := w.OpenSecret(w.account("alice").Devices[0])
	w.must(err)
	w.must(w.Store.Close())
	if _, err := w.database.Open(w.T, store.Keys{Key(2)}, store.Options{}); !errors.Is(err, store.ErrWrongKey) {
		w.Errorf("opening with a foreign key: %v", err)
	}
	if _, err := w.database.Open(w.T, nil, store.Options{}); err == nil {
		w.Error("opened without a key")
	}
	w.open()
	_, err = w.OpenSecret(w.account("alice").Devices[0])
	w.must(err)
	// Keys that open the root but not every device would lose the others.
	w.database.Exec(w.T, `UPDATE devices SET key_id = '00000000'`)
	if err := w.SetKeys(w.Context(), store.Keys{Key(2), Key(1)}); !errors.Is(err, store.ErrWrongKey) || !strings.Contains(err.Error(), "00000000") {
		w.Errorf("taking keys without that of a device: %v", err)
	}
}

// A MAC of no purpose has no key: everybody could make it.
func testMACWithoutPurpose(w *world) {
	defer func() { w.want(recover() != nil, true, "a panic") }()
	w.Errorf("a MAC without a key: %x", w.MAC("no such purpose", []byte("x")))
}

// MACs differ by purpose and by where one part ends, and outlive a restart.
func testMAC(w *world) {
	seen := map[string]string{}
	add := func(name string, mac []byte) {
		if other, there := seen[string(mac)]; there || len(mac) != 32 {
			w.Errorf("%s and %s have one MAC of %d octets", name, other, len(mac))
		}
		seen[string(mac)] = name
	}
	add("code", w.MAC(store.PurposeCode, []byte("ab"), []byte("c")))
	add("field", w.MAC(store.PurposeField, []byte("ab"), []byte("c")))
	add("other border", w.MAC(store.PurposeCode, []byte("a"), []byte("bc")))
	add("one part", w.MAC(store.PurposeCode, []byte("abc")))
	add("empty part", w.MAC(store.PurposeCode, []byte("abc"), nil))
	add("two parts", w.MAC(store.PurposeCode, []byte("a"), []byte("b")))
	add("a part like two", w.MAC(store.PurposeCode, []byte("a\x00\x00\x00\x00\x00\x00\x00\x00b")))
	w.reopen()
	if seen[string(w.MAC(store.PurposeCode, []byte("ab"), []byte("c")))] != "code" {
		w.Error("a restart changes MACs")
	}
}
