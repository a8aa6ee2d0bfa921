package local

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

var _ access.FirstFactor = (*Local)(nil)

// Made with PHP 8.2's password_hash, as eduVPN's portal does.
const (
	phpPassword = "correct horse"
	phpBcrypt   = "$2y$05$6SvGv/0.ijLZJ7ecCtzfG..L9bwHZ9JQvJvFWdau.cFmfAxMoT4Aq"
	phpArgon2id = "$argon2id$v=19$m=1024,t=2,p=1$SWdlR3hXc1Jiei9lb01EbA$a/FERlvsNCg/+qxK4O8iDxgOIhtJ3FvwghRgNnhkRHc"
)

// accounts are names and their hashes.
type accounts map[string]string

func (a accounts) PasswordHash(_ context.Context, name string) (string, bool, error) {
	hash, known := a[name]
	if hash == "fault" {
		return "", false, errors.New("the store is away")
	}
	return hash, known, nil
}

// cheap are parameters that make tests fast.
var cheap = argon2id{memory: 64, passes: 1, lanes: 1}

func TestVerify(t *testing.T) {
	t.Parallel()
	l := newLocal(nil, Options{}, cheap)
	all := accounts{"php": phpBcrypt, "php2": phpArgon2id, "none": "", "broken": "x", "fault": "fault"}
	l.accounts = all
	odd := map[string]string{"nul": "a\x00b", "octets": "\xff\xfe\x00\x80", "long": strings.Repeat("x", 128), "blank": " x "}
	for name, password := range odd {
		hash, err := l.Hash([]byte(password))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = hash
		check(t, l, name, password, nil)
		check(t, l, name, password+"x", access.ErrPasswordWrong)
		check(t, l, name, password[:len(password)-1], access.ErrPasswordWrong)
	}
	for _, test := range []struct {
		name, password string
		want           error
	}{
		{"php", phpPassword, nil},
		{"php", phpPassword + "x", access.ErrPasswordWrong},
		{"php", phpPassword + "\x00" + phpPassword, access.ErrPasswordWrong},
		{"php2", phpPassword, nil},
		{"php2", "Correct horse", access.ErrPasswordWrong},
		{"nul", "a", access.ErrPasswordWrong},
		{"php", "", access.ErrPasswordWrong},
		{"none", "", access.ErrUserUnknown},
		{"none", "x", access.ErrUserUnknown},
		{"nobody", "x", access.ErrUserUnknown},
		{"broken", "x", access.ErrBackend},
		{"fault", "x", access.ErrStore},
	} {
		check(t, l, test.name, test.password, test.want)
	}
}

func check(t *testing.T, l *Local, name, password string, want error) {
	t.Helper()
	canonical, err := l.Verify(t.Context(), name, []byte(password))
	if !errors.Is(err, want) || (err == nil) != (want == nil) || (err == nil) != (canonical == name) {
		t.Errorf("%s with %q: %q, %v, want %v", name, password, canonical, err, want)
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	l := New(accounts{}, Options{Computations: 1})
	hash, err := l.Hash([]byte("x"))
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=4$") || CheckHash(hash) != nil {
		t.Errorf("%s, %v", hash, err)
	}
	if again, _ := l.Hash([]byte("x")); again == hash {
		t.Error("two hashes of one password are alike: the salt is")
	}
	for _, password := range []string{"", strings.Repeat("x", 129)} {
		var refusal *access.Refusal
		if _, err := l.Hash([]byte(password)); !errors.As(err, &refusal) {
			t.Errorf("%d octets: %v", len(password), err)
		}
	}
}

// A hash whose check could exhaust memory or time is none of ours.
func TestCheckHash(t *testing.T) {
	t.Parallel()
	const rest = "$SWdlR3hXc1Jiei9lb01EbA$a/FERlvsNCg/+qxK4O8iDxgOIhtJ3FvwghRgNnhkRHc"
	for _, hash := range []string{phpBcrypt, phpArgon2id, "$argon2id$v=19$m=65536,t=4,p=1" + rest, "$argon2id$v=19$m=262144,t=4,p=16" + rest} {
		if err := CheckHash(hash); err != nil {
			t.Errorf("%s: %v", hash, err)
		}
	}
	for _, hash := range []string{
		"", "x", "plain text", "$1$abc$def", "$2x" + phpBcrypt[3:], phpBcrypt[:59], phpBcrypt + "x", "$2y$16" + phpBcrypt[6:], "$2y$03" + phpBcrypt[6:],
		"$argon2i$v=19$m=1024,t=2,p=1" + rest, "$argon2id$v=16$m=1024,t=2,p=1" + rest, "$argon2id$m=1024,t=2,p=1" + rest,
		"$argon2id$v=19$m=262145,t=1,p=1" + rest, "$argon2id$v=19$m=1024,t=11,p=1" + rest, "$argon2id$v=19$m=262144,t=5,p=1" + rest,
		"$argon2id$v=19$m=1024,t=1,p=17" + rest, "$argon2id$v=19$m=16,t=1,p=4" + rest, "$argon2id$v=19$m=0,t=1,p=1" + rest,
		"$argon2id$v=19$m=99999999999,t=1,p=1" + rest, phpArgon2id + "\n", phpArgon2id + "=", "$argon2id$v=19$m=1024,t=2,p=1$$a",
	} {
		err := CheckHash(hash)
		if !errors.Is(err, ErrHash) || len(hash) > 8 && strings.Contains(err.Error(), hash[len(hash)-8:]) {
			t.Errorf("%s: %v", hash, err)
		}
	}
}

// counted is a hash that says how many of it are computed at once.
type counted struct {
	running, most *atomic.Int32
	takes         time.Duration
}

func (c counted) matches([]byte) bool {
	now := c.running.Add(1)
	defer c.running.Add(-1)
	for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
	}
	time.Sleep(c.takes)
	return true
}

func (c counted) work() work { return work{algorithm: "counted", units: 1} }

// In a burst no more run at once than may, whoever gets an answer gets it in
// time, and the others are told at once that they get none.
func TestBurst(t *testing.T) {
	t.Parallel()
	q := newQueue(2)
	c := counted{running: new(atomic.Int32), most: new(atomic.Int32), takes: 20 * time.Millisecond}
	q.time(c)
	const limit = 400 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	began := time.Now()
	var answered, busy, late atomic.Int32
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			err := q.do(ctx, c, func() { c.matches(nil) })
			switch {
			case err == nil && time.Since(began) > limit:
				late.Add(1)
			case err == nil:
				answered.Add(1)
			case errors.Is(err, access.ErrBusy):
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if late.Load() > 0 || answered.Load() < 10 || busy.Load() < 100 || c.most.Load() != 2 {
		t.Errorf("%d answered, %d late, %d busy, %d at once", answered.Load(), late.Load(), busy.Load(), c.most.Load())
	}
	if q.busy.Load() != uint64(busy.Load()) || time.Since(began) > limit+time.Second {
		t.Errorf("%d counted as busy of %d, after %v", q.busy.Load(), busy.Load(), time.Since(began))
	}
	if q.inside != 0 || q.backlog != 0 {
		t.Errorf("%d are still inside, with %v", q.inside, q.backlog)
	}
}

// A machine that was slow once is tried again: the estimate puts itself right.
func TestEstimateRecovers(t *testing.T) {
	t.Parallel()
	q := newQueue(1)
	c := counted{running: new(atomic.Int32), most: new(atomic.Int32)}
	q.measured(c.work(), time.Hour)
	for range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := q.do(ctx, c, func() { c.matches(nil) })
		cancel()
		if err != nil {
			t.Fatal(err)
		}
	}
	if estimate := q.estimate(c.work()); estimate > time.Second {
		t.Errorf("still estimated at %v", estimate)
	}
}

// Names that aren't there cost what those cost that are.
func TestUnknownCostsTheSame(t *testing.T) {
	t.Parallel()
	l := newLocal(accounts{"none": ""}, Options{Computations: 1}, cheap)
	before := l.Counters().Computed
	for n, ask := range []struct{ name, password string }{{"nobody", "x"}, {"none", "x"}, {"nobody", ""}, {"nobody", strings.Repeat("x", 200)}} {
		l.Verify(t.Context(), ask.name, []byte(ask.password))
		if computed := l.Counters().Computed - before; computed != uint64(n+1) {
			t.Errorf("%+v: %d computations", ask, computed)
		}
	}
	if l.dummy.memory != l.fresh.memory || l.dummy.passes != l.fresh.passes || l.dummy.lanes != l.fresh.lanes {
		t.Error("the dummy costs something else than a new hash")
	}
	another := newLocal(accounts{}, Options{AnotherFollows: true}, cheap)
	before = another.Counters().Computed
	if _, err := another.Verify(t.Context(), "nobody", []byte("x")); !errors.Is(err, access.ErrUserUnknown) || another.Counters().Computed != before {
		t.Errorf("with another backend behind it: %v", err)
	}
}

func FuzzCheckHash(f *testing.F) {
	f.Add(phpBcrypt)
	f.Add(phpArgon2id)
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parse(text)
		if err != nil {
			return
		}
		if a, ok := h.(argon2id); ok && a.String() != text {
			t.Errorf("%q is read as %q", text, a)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	l := New(accounts{}, Options{})
	hash, err := l.Hash([]byte(phpPassword))
	if err != nil {
		b.Fatal(err)
	}
	l.accounts = accounts{"alice": hash}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Verify(b.Context(), "alice", []byte(phpPassword)); err != nil {
			b.Fatal(err)
		}
	}
}
