package local

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

var _ access.FirstFactor = (*Local)(nil)

// accounts are names and hashes; the name "broken" is a store that fails.
type accounts map[string]string

var errDisk = errors.New("disk gone")

func (a accounts) PasswordHash(_ context.Context, name string) (string, bool, error) {
	if name == "broken" {
		return "", false, errDisk
	}
	hash, known := a[name]
	return hash, known, nil
}

// small are parameters for tests that aren't about them.
var small = argon2id{memory: 64, passes: 1, lanes: 1}

func TestVerify(t *testing.T) {
	t.Parallel()
	const utf8, anyOctets = "pässwörd", "\xff\x00\xfe a\x00"
	held := accounts{"bare": "", "strange": "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0", "php": vectors[0].hash}
	l := newLocal(held, Options{Computations: 1}, small)
	for name, password := range map[string]string{
		"alice": "secret", "utf8": utf8, "octets": anyOctets, "long": strings.Repeat("x", MaxPassword),
	} {
		hash, err := l.Hash([]byte(password))
		if err != nil {
			t.Fatal(err)
		}
		held[name] = hash
	}
	tests := []struct {
		name, user, password string
		err                  error
		computed             uint64 // every refusal costs one computation
	}{
		{"no account", "nobody", "secret", access.ErrUserUnknown, 1},
		{"no account, empty password", "nobody", "", access.ErrUserUnknown, 1},
		{"no account, endless password", "nobody", strings.Repeat("x", 5000), access.ErrUserUnknown, 1},
		{"no local password", "bare", "secret", access.ErrUserUnknown, 1},
		{"no local password, empty one", "bare", "", access.ErrUserUnknown, 1},
		{"empty", "alice", "", access.ErrPasswordWrong, 1},
		{"wrong", "alice", "secres", access.ErrPasswordWrong, 1},
		{"more after it", "alice", "secret1", access.ErrPasswordWrong, 1},
		{"a NUL after it", "alice", "secret\x00", access.ErrPasswordWrong, 1},
		{"less of it", "alice", "secre", access.ErrPasswordWrong, 1},
		{"one octet too long", "long", strings.Repeat("x", MaxPassword+1), access.ErrPasswordWrong, 1},
		{"cut at the NUL", "octets", "\xff", access.ErrPasswordWrong, 1},
		{"decomposed", "utf8", "pa\u0308sswo\u0308rd", access.ErrPasswordWrong, 1},
		{"another's", "alice", anyOctets, access.ErrPasswordWrong, 1},
		{"imported, wrong", "php", "secret", access.ErrPasswordWrong, 1},
		{"a hash that nobody can check", "strange", "secret", access.ErrBackend, 0},
		{"the store fails", "broken", "secret", access.ErrStore, 0},
		{"right", "alice", "secret", nil, 1},
		{"UTF-8", "utf8", utf8, nil, 1},
		{"any octets", "octets", anyOctets, nil, 1},
		{"the longest", "long", strings.Repeat("x", MaxPassword), nil, 1},
		{"imported", "php", horse, nil, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := l.Counters().Computed
			identity, err := l.Verify(t.Context(), access.Question{Name: test.user, Password: []byte(test.password)})
			if !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("got %v, want %v", err, test.err)
			}
			if err == nil && identity.Name != test.user || err != nil && identity.Name != "" {
				t.Errorf("returned the name %q", identity.Name)
			}
			if computed := l.Counters().Computed - before; computed != test.computed {
				t.Errorf("%d computations, want %d", computed, test.computed)
			}
		})
	}
	if _, err := l.Verify(t.Context(), access.Question{Name: "broken", Password: []byte("x")}); !errors.Is(err, errDisk) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestVerifyBusy(t *testing.T) {
	t.Parallel()
	held := accounts{"php": vectors[0].hash}
	l := newLocal(held, Options{Computations: 1}, small)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for _, user := range []string{"php", "nobody"} {
		if _, err := l.Verify(ctx, access.Question{Name: user, Password: []byte(horse)}); !errors.Is(err, access.ErrBusy) {
			t.Errorf("%s: %v", user, err)
		}
	}
	if counters := l.Counters(); counters.Busy != 2 {
		t.Errorf("%+v", counters)
	}
}

func TestAnotherFollows(t *testing.T) {
	t.Parallel()
	l := newLocal(accounts{"bare": "", "php": vectors[0].hash}, Options{AnotherFollows: true}, small)
	before := l.Counters().Computed
	for _, user := range []string{"bare", "nobody"} {
		if _, err := l.Verify(t.Context(), access.Question{Name: user, Password: []byte("secret")}); !errors.Is(err, access.ErrUserUnknown) {
			t.Errorf("%s: %v", user, err)
		}
	}
	if l.Counters().Computed != before {
		t.Error("work was done for another backend's users")
	}
	if _, err := l.Verify(t.Context(), access.Question{Name: "php", Password: []byte("secret")}); !errors.Is(err, access.ErrPasswordWrong) {
		t.Error(err)
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	l := newLocal(accounts{}, Options{}, small)
	for _, password := range []string{"", strings.Repeat("x", MaxPassword+1)} {
		var refusal *access.Refusal
		if _, err := l.Hash([]byte(password)); !errors.As(err, &refusal) || refusal.Kind != access.RefusedInvalid {
			t.Errorf("%d octets: %v", len(password), err)
		}
	}
	first, err := l.Hash([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if second, err := l.Hash([]byte("secret")); err != nil || first == second {
		t.Errorf("the salt is no salt: %v", err)
	}
	l.random = bytes.NewReader(nil)
	if _, err := l.Hash([]byte("secret")); err == nil {
		t.Error("a hash without randomness")
	}
}

// New hashes, and the work for unknown names, have the recommended parameters.
func TestReal(t *testing.T) {
	t.Parallel()
	held := accounts{}
	l := New(held, Options{})
	hash, err := l.Hash([]byte(horse))
	if err != nil {
		t.Fatal(err)
	}
	const begin, length = "$argon2id$v=19$m=65536,t=3,p=4$", 97 // with 16 octets of salt and 32 of tag
	if !strings.HasPrefix(hash, begin) || len(hash) != length || CheckHash(hash) != nil {
		t.Errorf("made %s", hash)
	}
	held["alice"] = hash
	if _, err := l.Verify(t.Context(), access.Question{Name: "alice", Password: []byte(horse)}); err != nil {
		t.Error(err)
	}
	kept, err := parse(hash)
	if err != nil || l.dummy.work() != kept.work() || l.dummy.lanes != 4 ||
		len(l.dummy.salt) != saltSize || len(l.dummy.tag) != tagSize {
		t.Errorf("unknown names cost another work: %s, %v", l.dummy, err)
	}
}

func BenchmarkVerify(b *testing.B) {
	held := accounts{"php": vectors[6].hash}
	l := New(held, Options{})
	hash, err := l.Hash([]byte(horse))
	if err != nil {
		b.Fatal(err)
	}
	held["alice"] = hash
	for _, user := range []string{"alice", "php"} {
		b.Run(user, func(b *testing.B) {
			for b.Loop() {
				if _, err := l.Verify(b.Context(), access.Question{Name: user, Password: []byte(horse)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("nobody", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Verify(b.Context(), access.Question{Name: "nobody", Password: []byte(horse)}); !errors.Is(err, access.ErrUserUnknown) {
				b.Fatal(err)
			}
		}
	})
	b.Run("alice in parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := l.Verify(b.Context(), access.Question{Name: "alice", Password: []byte(horse)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
