package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"vpn-otpd/store"
)

func burn(device store.Device, step int64) func(*store.Tx) (bool, error) {
	return func(tx *store.Tx) (bool, error) { return tx.BurnStep(device, step, []byte("field")) }
}

// The last step never goes back, and is there after a restart.
func testStepOnce(w *world) {
	device := w.enroll("alice", secret)
	w.want(w.does(burn(device, 100)), true, "a step")
	w.want(w.does(burn(device, 100)), false, "the same step")
	w.want(w.does(burn(device, 99)), false, "an older step")
	w.reopen()
	w.want(w.does(burn(device, 100)), false, "the same step after a restart")
	w.want(w.does(burn(device, 101)), true, "a newer step")
	kept := w.account("alice").Devices[0]
	if kept.LastStep != 101 || string(kept.LastField) != "field" || !kept.UsedAt.Equal(w.clock.Now()) {
		w.Errorf("kept %+v", kept)
	}
	other := device
	other.User = "bob"
	w.want(w.does(burn(other, 200)), false, "a step of a device of nobody")
}

// race counts how many of n parallel updates did it.
func (w *world) race(n int, apply func(*store.Tx) (bool, error)) int {
	var won atomic.Int32
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			var did bool
			err := w.Update(w.Context(), func(tx *store.Tx) (err error) {
				did, err = apply(tx)
				return err
			})
			if err != nil {
				w.Error(err)
			}
			if did {
				won.Add(1)
			}
		})
	}
	all.Wait()
	return int(won.Load())
}

func testStepInParallel(w *world) {
	device := w.enroll("alice", secret)
	for round := range int64(200) {
		if won := w.race(64, burn(device, round+1)); won != 1 {
			w.Fatalf("round %d: %d winners", round, won)
		}
	}
}

// A secret that comes back doesn't bring its used codes back.
func testRetiredSecret(w *world) {
	device := w.enroll("alice", secret)
	w.want(w.does(burn(device, 100)), true, "a step")
	again := func() store.Device {
		w.update(func(tx *store.Tx) error {
			_, err := tx.RemoveDevices("alice")
			return err
		})
		return w.enroll("alice", secret)
	}
	device = again()
	w.want(w.does(burn(device, 100)), false, "the step before the device came back")
	w.want(w.does(burn(device, 105)), true, "a newer step")
	w.want(w.does(burn(again(), 105)), false, "that step, once more")
	w.want(w.does(func(tx *store.Tx) (bool, error) { return tx.DeleteAccount("alice") }), true, "deleting the user")
	w.want(w.does(burn(w.enroll("alice", secret), 105)), false, "that step of a user deleted and added")
	// Other digits are cut from the same code; another period counts other steps,
	// and must not wait for the years until they are as many.
	for period, want := range map[int]bool{30: false, 60: true} {
		again() // a device of period 30 that has burnt step 105
		w.update(func(tx *store.Tx) error {
			_, removed := tx.RemoveDevices("alice")
			changed := phone("alice")
			changed.Digits, changed.Period = 8, period
			_, err := tx.AddDevice(changed, secret)
			return errors.Join(removed, err)
		})
		device := w.account("alice").Devices[0]
		w.want(w.does(burn(device, 105)), want, fmt.Sprintf("that step with a period of %d s", period))
		w.update(func(tx *store.Tx) error { _, err := tx.RemoveDevices("alice"); return err })
	}
}

func testRecoveryCodes(w *world) {
	w.enroll("alice", secret)
	var macs [][]byte
	for n := range 10 {
		macs = append(macs, []byte(fmt.Sprint("mac", n)))
	}
	w.update(func(tx *store.Tx) error { return tx.ReplaceRecoveryCodes("alice", macs) })
	take := func(mac []byte) func(*store.Tx) (bool, error) {
		return func(tx *store.Tx) (bool, error) { return tx.BurnRecoveryCode("alice", mac) }
	}
	if won := w.race(20, take(macs[0])); won != 1 {
		w.Errorf("one recovery code was taken %d times", won)
	}
	w.want(w.does(take([]byte("none"))), false, "a code that isn't there")
	w.want(w.does(func(tx *store.Tx) (bool, error) { return tx.HasRecoveryCode("alice", macs[0]) }), false, "a used code")
	w.want(w.does(func(tx *store.Tx) (bool, error) { return tx.HasRecoveryCode("alice", macs[1]) }), true, "one that is left")
	if left := w.account("alice").RecoveryCodes; left != 9 {
		w.Errorf("%d codes are left", left)
	}
	w.update(func(tx *store.Tx) error { return tx.ReplaceRecoveryCodes("alice", nil) })
	w.want(w.does(take(macs[1])), false, "a replaced code")
}

func testTemporaryCodes(w *world) {
	w.enroll("alice", secret)
	mac := []byte("mac")
	add := func(uses int) {
		w.update(func(tx *store.Tx) error {
			return tx.AddTemporaryCode("alice", store.TemporaryCode{MAC: mac, Uses: uses, ExpiresAt: tx.Now().Add(time.Hour)})
		})
	}
	take := func(tx *store.Tx) (bool, error) { return tx.BurnTemporaryCode("alice", mac) }
	has := func(tx *store.Tx) (bool, error) {
		live, helpdesk, err := tx.HasTemporaryCode("alice", mac)
		return live && !helpdesk, err
	}
	add(3)
	if won := w.race(20, take); won != 3 {
		w.Errorf("a code of three uses was used %d times", won)
	}
	w.want(w.does(has), false, "a used up code")
	for _, uses := range []int{1, 2} {
		add(uses)
		w.want(w.does(has), true, "a live code")
		if left := w.account("alice").TemporaryCodes; left != 1 {
			w.Errorf("%d codes are live", left)
		}
		w.clock.Add(time.Hour)
		w.want(w.does(has), false, "an expired code")
		w.want(w.does(take), false, "using an expired code")
		w.must(w.Prune(w.Context()))
	}
	add(2)
	w.update(func(tx *store.Tx) error { return tx.RemoveTemporaryCodes("alice") })
	w.want(w.does(take), false, "a removed code")

	add(1)
	w.update(func(tx *store.Tx) error {
		return tx.AddTemporaryCode("alice", store.TemporaryCode{MAC: []byte("other"), Uses: 1, ExpiresAt: tx.Now().Add(time.Hour), Helpdesk: true})
	})
	w.update(func(tx *store.Tx) error {
		live, helpdesk, err := tx.HasTemporaryCode("alice", []byte("other"))
		left, ofHelpdesk, countErr := tx.TemporaryCodesLeft("alice")
		if !live || !helpdesk || left != 2 || ofHelpdesk != 1 {
			w.Errorf("a code of the helpdesk's: live %v, known as such %v; %d live, %d of the helpdesk's", live, helpdesk, left, ofHelpdesk)
		}
		return errors.Join(err, countErr)
	})
}

func testStates(w *world) {
	state := store.State{ID: []byte("0123456789abcdef"), User: "müller", AskedName: "muller", Client: "vpn1", Epoch: 7, TriesLeft: 3, ExpiresAt: w.clock.Now().Add(time.Minute), Enrollment: []byte("enrollment"), BegunAt: w.clock.Now()}
	w.update(func(tx *store.Tx) error { return tx.AddState(state) })
	w.reopen()
	for _, take := range []bool{false, true} {
		w.update(func(tx *store.Tx) error {
			look := tx.State
			if take {
				look = tx.TakeState
			}
			got, found, err := look(state.ID)
			if err == nil && (!found || fmt.Sprint(got) != fmt.Sprint(state)) {
				w.Errorf("kept %+v", got)
			}
			return err
		})
	}
	gone := func(tx *store.Tx) (bool, error) { _, found, err := tx.TakeState(state.ID); return found, err }
	w.want(w.does(gone), false, "a State that was taken")
	w.update(func(tx *store.Tx) error { return tx.AddState(state) })
	w.update(func(tx *store.Tx) error { return tx.RemoveStates("müller") })
	w.want(w.does(gone), false, "a State that was removed")
}

func testStateInParallel(w *world) {
	for round := range 20 {
		id := []byte(fmt.Sprintf("%016d", round))
		w.update(func(tx *store.Tx) error { return tx.AddState(store.State{ID: id, ExpiresAt: tx.Now()}) })
		won := w.race(20, func(tx *store.Tx) (bool, error) { _, found, err := tx.TakeState(id); return found, err })
		if won != 1 {
			w.Errorf("one State was taken by %d", won)
		}
	}
}

func testVerdicts(w *world) {
	mac := []byte("mac")
	keep := func(answer string) {
		w.update(func(tx *store.Tx) error { return tx.AddVerdict(mac, answer, tx.Now().Add(15*time.Second)) })
	}
	look := func() (answer string) {
		w.update(func(tx *store.Tx) (err error) { answer, _, err = tx.Verdict(mac); return err })
		return answer
	}
	keep("first")
	keep("second")
	w.clock.Add(14 * time.Second)
	if got := look(); got != "second" {
		w.Errorf("kept %q", got)
	}
	w.clock.Add(time.Second)
	if got := look(); got != "" {
		w.Errorf("after its time %q", got)
	}
}
