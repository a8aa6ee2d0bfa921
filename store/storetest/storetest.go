// Package storetest is the contract of a store: what must hold on every
// database, parallel use included. Each dialect's test calls Run.
package storetest

import (
	"sync"
	"testing"
	"time"

	"vpn-otpd/store"
)

// Database is one empty database, made for one test.
type Database interface {
	// Open opens it; what was kept before is there. The test closes the store.
	Open(t *testing.T, keys store.Keys, options store.Options) (*store.Store, error)
	// Exec changes it behind the store's back.
	Exec(t *testing.T, query string, arguments ...any)
}

// Run runs the contract on databases that create makes.
func Run(t *testing.T, create func(t *testing.T) Database) {
	for _, test := range []struct {
		name string
		run  func(*world)
	}{
		{"Accounts", testAccounts},
		{"Epochs", testEpochs},
		{"Devices", testDevices},
		{"StepOnce", testStepOnce},
		{"StepInParallel", testStepInParallel},
		{"RetiredSecret", testRetiredSecret},
		{"RecoveryCodes", testRecoveryCodes},
		{"TemporaryCodes", testTemporaryCodes},
		{"States", testStates},
		{"StateInParallel", testStateInParallel},
		{"Enrollments", testEnrollments},
		{"EnrollmentSealed", testEnrollmentSealed},
		{"EnrollmentFound", testEnrollmentFound},
		{"EnrollmentInParallel", testEnrollmentInParallel},
		{"Remembered", testRemembered},
		{"Progress", testProgress},
		{"Sessions", testSessions},
		{"Outbox", testOutbox},
		{"OutboxOnce", testOutboxOnce},
		{"Recent", testRecent},
		{"Verdicts", testVerdicts},
		{"AllOrNothing", testAllOrNothing},
		{"ReadAhead", testReadAhead},
		{"BurnsTogether", testBurnsTogether},
		{"FaultsAreTheirOwn", testFaultsAreTheirOwn},
		{"SwallowedFault", testSwallowedFault},
		{"Panic", testPanic},
		{"Cancelled", testCancelled},
		{"Closed", testClosed},
		{"Audit", testAudit},
		{"AuditOctets", testAuditOctets},
		{"AuditBroken", testAuditBroken},
		{"AuditForked", testAuditForked},
		{"Log", testLog},
		{"LogPages", testLogPages},
		{"PruneAudit", testPruneAudit},
		{"AuditMAC", testAuditMAC},
		{"PageIsWhole", testPageIsWhole},
		{"PruneAuditWhole", testPruneAuditWhole},
		{"PruneWhileVerifying", testPruneWhileVerifying},
		{"Refusals", testRefusals},
		{"Connections", testConnections},
		{"ConnectionOnce", testConnectionOnce},
		{"ConnectionPages", testConnectionPages},
		{"ConnectionsEnd", testConnectionsEnd},
		{"PruneConnections", testPruneConnections},
		{"Prune", testPrune},
		{"Sealed", testSealed},
		{"Rotation", testRotation},
		{"WrongKey", testWrongKey},
		{"MAC", testMAC},
		{"MACWithoutPurpose", testMACWithoutPurpose},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := &world{T: t, database: create(t), clock: NewClock(), keys: store.Keys{Key(1)}}
			w.open()
			t.Cleanup(func() { w.Store.Close() })
			test.run(w)
		})
	}
}

// Key is a store key for tests; each number gives another.
func Key(n byte) []byte {
	key := make([]byte, store.KeySize)
	for i := range key {
		key[i] = n + byte(i)
	}
	return key
}

// Clock is a clock that tests set.
type Clock struct {
	mutex sync.Mutex
	now   time.Time
}

// NewClock starts at a fixed time.
func NewClock() *Clock { return &Clock{now: time.Unix(1_700_000_000, 0)} }

// Now is the time that it was set to.
func (c *Clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

// Add moves it.
func (c *Clock) Add(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
}

// world is an open store of a test.
type world struct {
	*testing.T
	*store.Store
	database Database
	clock    *Clock
	keys     store.Keys
}

func (w *world) open() {
	w.Helper()
	s, err := w.database.Open(w.T, w.keys, store.Options{Now: w.clock.Now, Node: "node1"})
	if err != nil {
		w.Fatal(err)
	}
	w.Store = s
}

func (w *world) reopen() {
	w.Helper()
	w.must(w.Store.Close())
	w.open()
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// update runs an update that may not fail.
func (w *world) update(apply func(tx *store.Tx) error) {
	w.Helper()
	w.must(w.Update(w.Context(), apply))
}

// does runs an update and returns what it says it did.
func (w *world) does(apply func(tx *store.Tx) (bool, error)) (did bool) {
	w.Helper()
	w.update(func(tx *store.Tx) (err error) {
		did, err = apply(tx)
		return err
	})
	return did
}

func (w *world) want(got, want bool, what string) {
	w.Helper()
	if got != want {
		w.Errorf("%s: %v, want %v", what, got, want)
	}
}

// account returns a user that must be there.
func (w *world) account(name string) store.Account {
	w.Helper()
	account, found, err := w.FullAccount(w.Context(), name)
	w.must(err)
	if !found {
		w.Fatalf("there is no %s", name)
	}
	return account
}

// enroll adds a user with one device.
func (w *world) enroll(name string, secret []byte) store.Device {
	w.Helper()
	var device store.Device
	w.update(func(tx *store.Tx) (err error) {
		if _, err := tx.AddAccount(name); err != nil {
			return err
		}
		device, err = tx.AddDevice(phone(name), secret)
		return err
	})
	return device
}

func phone(user string) store.Device {
	return store.Device{User: user, Label: "phone", Algorithm: "SHA1", Digits: 6, Period: 30}
}

var secret = []byte("12345678901234567890")
