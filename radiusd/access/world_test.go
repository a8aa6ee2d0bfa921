package access_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
	"vpn-otpd/store/sqlite"
)

const (
	password = "correct horse"
	secret   = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
)

// clock is set by tests.
type clock struct {
	mutex sync.Mutex
	now   time.Time
}

func (c *clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
}

// passwords is a first factor: names and what they are called by the backend.
type passwords struct {
	mutex  sync.Mutex
	calls  int
	users  map[string]string // asked name -> canonical name
	err    error
	panics bool

	groups     map[string][]string // asked name -> groups
	attributes []access.Attribute
	mute       bool   // it tells no groups
	asks       string // the question that a right password gets; the answer is "blue"
}

func (p *passwords) Verify(_ context.Context, q access.Question) (access.Identity, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.calls++
	if p.panics {
		panic("on purpose")
	}
	canonical, known := p.users[q.Name]
	switch {
	case p.err != nil:
		return access.Identity{}, p.err
	case !known:
		return access.Identity{}, access.ErrUserUnknown
	case q.Token != nil:
		if string(q.Token) != "token of "+q.Name {
			return access.Identity{}, fmt.Errorf("%w: token %q of %s", access.ErrBackend, q.Token, q.Name)
		}
		if string(q.Password) == "again" {
			return access.Identity{}, &access.Asking{Message: "And now? ", Token: q.Token}
		}
		if string(q.Password) != "blue" {
			return access.Identity{}, access.ErrPasswordWrong
		}
	case string(q.Password) != password:
		return access.Identity{}, access.ErrPasswordWrong
	case p.asks != "":
		return access.Identity{}, &access.Asking{Message: p.asks, Token: []byte("token of " + q.Name)}
	}
	return access.Identity{Name: canonical, Groups: p.groups[q.Name], GroupsKnown: !p.mute, Attributes: p.attributes}, nil
}

// directory is a first factor that can also be asked without a password.
type directory struct{ *passwords }

func (d directory) Lookup(_ context.Context, name string) (access.Identity, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	canonical, known := d.users[name]
	switch {
	case d.err != nil:
		return access.Identity{}, d.err
	case !known:
		return access.Identity{}, access.ErrUserUnknown
	}
	return access.Identity{Name: canonical, Groups: d.groups[name], GroupsKnown: true}, nil
}

// syncBuffer is a log that is written and read in parallel.
type syncBuffer struct {
	mutex sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.String()
}

// world is a gate over a real store, with alice and bob.
type world struct {
	testing.TB
	path     string
	clock    *clock
	first    *passwords
	store    *store.Store
	gate     *access.Gate
	accounts *access.Accounts
	settings access.Settings
	log      *syncBuffer
}

var admin = store.Actor{UID: 0, Name: "root"}

// enforced is a world where two-factor is enforced and alice has a device.
func enforced(t testing.TB) *world {
	w := newWorld(t)
	w.settings.Policy = access.Policy{Methods: []string{access.MethodTOTP}, Require: true}
	w.gate.Set(w.settings)
	w.addDevice("alice", secret)
	return w
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, path: filepath.Join(t.TempDir(), "store.sqlite"), settings: access.DefaultSettings(), log: new(syncBuffer),
		clock: &clock{now: time.Unix(1_700_000_000, 0)},
		first: &passwords{users: map[string]string{"alice": "alice", "bob": "bob", "muller": "müller"}}}
	w.open()
	for _, name := range []string{"alice", "bob"} {
		if _, err := w.accounts.AddUser(t.Context(), admin, name, nil); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { w.store.Close() })
	return w
}

func (w *world) open() {
	w.Helper()
	s, err := sqlite.Open(w.Context(), w.path, store.Keys{bytes.Repeat([]byte{7}, store.KeySize)}, store.Options{Now: w.clock.Now, Node: "test"})
	if err != nil {
		w.Fatal(err)
	}
	w.store = s
	w.gate = w.anotherGate()
	w.accounts = access.NewAccounts(s, w.gate, func([]byte) (string, error) { return "hash", nil })
}

// anotherGate is a second node over the same store.
func (w *world) anotherGate() *access.Gate {
	return access.NewGate(w.store, w.first, w.settings, access.Options{Now: w.clock.Now, Logger: slog.New(slog.NewTextHandler(w.log, nil))})
}

func (w *world) restart() {
	w.Helper()
	if err := w.store.Close(); err != nil {
		w.Fatal(err)
	}
	w.open()
}

func (w *world) addDevice(name, secret string) {
	w.Helper()
	if _, err := w.accounts.AddDevice(w.Context(), admin, name, access.NewDevice{Secret: secret, Label: "phone " + secret[:2]}); err != nil {
		w.Fatal(err)
	}
}

// code is what a device with the secret shows some steps from now.
func (w *world) code(steps int) string { return codeOf(w, secret, steps) }

func codeOf(w *world, secret string, steps int) string {
	w.Helper()
	octets, err := totp.ParseSecret(secret)
	if err != nil {
		w.Fatal(err)
	}
	key := totp.Key{Secret: octets, Algorithm: "SHA1", Digits: 6, Period: 30}
	code, err := totp.Code(key, totp.Step(w.clock.Now(), 30)+int64(steps))
	if err != nil {
		w.Fatal(err)
	}
	return code
}

// wrong is a code that no step near by shows; each n gives another.
func (w *world) wrong(n int) string {
	for candidate := n * 1000; ; candidate++ {
		code := []byte("000000")
		for i, rest := 5, candidate; i >= 0; i, rest = i-1, rest/10 {
			code[i] = byte('0' + rest%10)
		}
		taken := false
		for step := -2; step <= 2; step++ {
			taken = taken || w.code(step) == string(code)
		}
		if !taken {
			return string(code)
		}
	}
}

func challenge() access.Client { return access.Client{Name: "vpn1", Mode: access.ModeChallenge} }
func appended() access.Client  { return access.Client{Name: "portal", Mode: access.ModeAppend} }
func codeOnly() access.Client  { return access.Client{Name: "nas", Mode: access.ModeCode} }

func (w *world) check(r access.Request) access.Decision {
	w.Helper()
	d, err := w.gate.Check(w.Context(), r)
	if err != nil {
		w.Fatalf("Check: %v", err)
	}
	return d
}

// ask is a new login.
func (w *world) ask(client access.Client, user, field string) access.Decision {
	w.Helper()
	return w.check(access.Request{Client: client, UserName: user, Password: []byte(field)})
}

// answer is the answer to a challenge.
func (w *world) answer(client access.Client, user, state, field string) access.Decision {
	w.Helper()
	return w.check(access.Request{Client: client, UserName: user, Password: []byte(field), State: state})
}

// challenged is a new login that must be challenged; it returns the State.
func (w *world) challenged(client access.Client, user string) string {
	w.Helper()
	d := w.ask(client, user, password)
	w.want(d, access.Challenge, access.CodeNeeded)
	return d.State
}

func (w *world) want(d access.Decision, verdict access.Verdict, reason access.Reason) {
	w.Helper()
	if d.Verdict != verdict || d.Reason != reason {
		w.Errorf("got %s %s, want %s %s", d.Verdict, d.Reason, verdict, reason)
	}
	if (d.Verdict == access.Challenge) != (d.State != "") {
		w.Errorf("a %s with State %q", d.Verdict, d.State)
	}
}

// must is for changes that may not fail.
func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// records are the audit records of a user, "reason" of each.
func (w *world) records(user string) []store.Record {
	w.Helper()
	records, _, err := w.store.Log(w.Context(), store.LogQuery{User: user, Limit: 1000})
	w.must(err)
	return records
}

func (w *world) wantRefusal(err error, kind access.RefusalKind, words string) {
	w.Helper()
	var refusal *access.Refusal
	if !errors.As(err, &refusal) || refusal.Kind != kind || !strings.Contains(refusal.Text, words) {
		w.Errorf("got %v, want a refusal of kind %s with %q", err, kind, words)
	}
}

// own is a policy of a user's own, with an end where it needs one.
func own(w *world, policy store.UserPolicy) access.OwnPolicy {
	p := access.OwnPolicy{Policy: policy}
	if policy == store.PolicyExempt {
		p.Until = w.clock.Now().Add(30 * 24 * time.Hour)
	}
	return p
}
