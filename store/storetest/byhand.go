package storetest

import (
	"errors"
	"testing"
	"time"

	"vpn-otpd/store"
)

// Full gives a user everything that a reset takes away.
func Full(t *testing.T, s *store.Store, name string) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.AddAccount(name)
		for _, label := range []string{"phone", "token"} {
			_, failed := tx.AddDevice(store.Device{User: name, Label: label, Algorithm: "SHA1", Digits: 6, Period: 30}, []byte("a secret of "+label))
			err = errors.Join(err, failed)
		}
		soon := time.Now().Add(time.Hour)
		return errors.Join(err, tx.ReplaceRecoveryCodes(name, [][]byte{[]byte("mac")}), tx.AddTemporaryCode(name, store.TemporaryCode{MAC: []byte("mac"), Uses: 1, ExpiresAt: soon}),
			tx.AddState(store.State{ID: []byte("state of " + name), User: name, ExpiresAt: soon}),
			tx.AddEnrollment(store.Enrollment{ID: []byte("enrollment of " + name), User: name, Kind: store.EnrollmentSession, ExpiresAt: soon}),
			tx.SetLock(name, store.Lock{Failures: 2, FailedAt: time.Now(), Level: 1, Until: soon, Field: []byte("x")}))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// UnderWay counts the States and enrollments of a user.
func UnderWay(t *testing.T, s *store.Store, name string) (count int) {
	t.Helper()
	err := s.View(t.Context(), func(tx *store.Tx) error {
		_, state, err := tx.State([]byte("state of " + name))
		_, enrollment, failed := tx.Enrollment(name, []byte("enrollment of "+name))
		for _, found := range []bool{state, enrollment} {
			if found {
				count++
			}
		}
		return errors.Join(err, failed)
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}
