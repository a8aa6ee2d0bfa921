package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"vpn-otpd/store"
)

var errAfterBurn = errors.New("after the step was burnt")

// testBurnsTogether burns steps of many users in few transactions: each once,
// whoever asks for it beside, and none by an update that fails afterwards.
func testBurnsTogether(w *world) {
	const users, callers, step = 70, 3, 5
	var all sync.WaitGroup
	won := make([]atomic.Int32, users)
	for n := range users {
		w.enroll(fmt.Sprint("user", n), fmt.Appendf(nil, "%020d", n))
	}
	release := w.hold(&all)
	for n := range users {
		name := fmt.Sprint("user", n)
		for range callers {
			all.Go(func() {
				mine := false
				err := w.UpdateUser(w.Context(), name, func(tx *store.Tx) error {
					account, _, err := tx.Account(name)
					burnt, burning := tx.BurnStep(account.Devices[0], step, []byte(name))
					mine = burnt
					if n%7 == 0 { // what was burnt is seen
						again, _, failed := tx.Account(name)
						if d := again.Devices[0]; d.LastStep != step || !bytes.Equal(d.LastField, []byte(name)) {
							w.Errorf("%s: burnt, and then step %d, field %q", name, d.LastStep, d.LastField)
						}
						err = errors.Join(err, failed)
					}
					if n%5 == 0 && burnt {
						return errAfterBurn
					}
					return errors.Join(err, burning)
				})
				switch {
				case n%5 == 0 && !errors.Is(err, errAfterBurn), n%5 != 0 && err != nil:
					w.Errorf("%s: %v", name, err)
				case mine && err == nil:
					won[n].Add(1)
				}
			})
		}
	}
	release()
	all.Wait()
	for n := range users {
		want, last := int32(1), int64(step)
		if n%5 == 0 {
			want, last = 0, 0
		}
		account, _, err := w.Account(w.Context(), fmt.Sprint("user", n))
		w.must(err)
		if got := won[n].Load(); got != want || account.Devices[0].LastStep != last {
			w.Errorf("user%d: %d took the step, which is %d now; want %d, %d", n, got, account.Devices[0].LastStep, want, last)
		}
	}
}

// hold keeps writers busy until release, so that what comes meanwhile is done
// together.
func (w *world) hold(all *sync.WaitGroup) (release func()) {
	released := make(chan struct{})
	for range 2 {
		began := make(chan struct{})
		var once sync.Once
		all.Go(func() {
			w.must(w.Update(w.Context(), func(*store.Tx) error {
				once.Do(func() { close(began) })
				<-released
				return nil
			}))
		})
		select {
		case <-began:
		case <-time.After(50 * time.Millisecond): // there is but one writer
		}
	}
	return sync.OnceFunc(func() { close(released) })
}
