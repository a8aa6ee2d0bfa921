package password_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/password"
)

var _ access.FirstFactor = (*password.Chain)(nil)

// answer is a backend that says one thing and remembers that it was asked.
type answer struct {
	canonical string
	err       error
	asked     *[]string
	name      string
}

func (a answer) Verify(_ context.Context, q access.Question) (access.Identity, error) {
	*a.asked = append(*a.asked, a.name+" "+q.Name+string(q.Token))
	return access.Identity{Name: a.canonical}, a.err
}

// listed is a backend that can also be asked without a password.
type listed struct{ answer }

func (l listed) Lookup(_ context.Context, name string) (access.Identity, error) {
	*l.asked = append(*l.asked, l.name+" "+name)
	return access.Identity{Name: l.canonical}, l.err
}

func TestChain(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection refused")
	unknown, wrong := answer{err: access.ErrUserUnknown}, answer{err: access.ErrPasswordWrong}
	right := answer{canonical: "alice@example.org"}
	tests := []struct {
		name      string
		backends  []answer
		password  string
		canonical string
		err       error
		asked     int
	}{
		{"no backends", nil, "secret", "", access.ErrBackend, 0},
		{"empty password", []answer{right, right}, "", "", access.ErrPasswordWrong, 0},
		{"all unknown", []answer{unknown, unknown}, "secret", "", access.ErrUserUnknown, 2},
		{"the first that knows decides against", []answer{wrong, right}, "secret", "", access.ErrPasswordWrong, 1},
		{"a broken backend isn't skipped", []answer{{err: broken}, right}, "secret", "", access.ErrBackend, 1},
		{"a broken second backend is no refusal", []answer{unknown, {err: broken}}, "secret", "", access.ErrBackend, 2},
		{"its cause stays", []answer{{err: broken}}, "secret", "", broken, 1},
		{"a timeout is a broken backend", []answer{{err: context.DeadlineExceeded}, right}, "secret", "", access.ErrBackend, 1},
		{"a backend without answer", []answer{{err: access.ErrBackend}, right}, "secret", "", access.ErrBackend, 1},
		{"busy stays busy", []answer{{err: access.ErrBusy}, right}, "secret", "", access.ErrBusy, 1},
		{"the store's fault stays one", []answer{{err: access.ErrStore}, right}, "secret", "", access.ErrStore, 1},
		{"the first that knows decides for", []answer{right, wrong}, "secret", "alice@example.org", nil, 1},
		{"unknown goes on", []answer{unknown, right}, "secret", "alice@example.org", nil, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var asked, expected []string
			var backends []password.Backend
			for i, backend := range test.backends {
				backend.asked, backend.name = &asked, string(rune('a'+i))
				backends = append(backends, password.Backend{Name: backend.name, FirstFactor: backend})
				if i < test.asked {
					expected = append(expected, backend.name+" alice")
				}
			}
			identity, err := password.NewChain(backends...).Verify(t.Context(), access.Question{Name: "alice", Password: []byte(test.password)})
			if identity.Name != test.canonical || !errors.Is(err, test.err) {
				t.Errorf("got %q, %v; want %q, %v", identity.Name, err, test.canonical, test.err)
			}
			refused := errors.Is(err, access.ErrUserUnknown) || errors.Is(err, access.ErrPasswordWrong)
			if errors.Is(err, access.ErrBackend) && refused {
				t.Errorf("%v is a fault and a refusal", err)
			}
			if !slices.Equal(asked, expected) {
				t.Errorf("asked %q, want %q", asked, expected)
			}
		})
	}
}

// What one backend asks is answered to that one, and to no other.
func TestAsking(t *testing.T) {
	t.Parallel()
	var asked []string
	chain := func(second answer) *password.Chain {
		first := answer{canonical: "alice", asked: &asked, name: "a"}
		second.asked, second.name = &asked, "b"
		return password.NewChain(password.Backend{Name: "a", FirstFactor: first}, password.Backend{Name: "b", FirstFactor: second})
	}
	first := answer{err: access.ErrUserUnknown, asked: &asked, name: "a"}
	asks := password.NewChain(password.Backend{Name: "a", FirstFactor: first},
		password.Backend{Name: "b", FirstFactor: answer{err: &access.Asking{Message: "PIN: ", Token: []byte("7")}, asked: &asked, name: "b"}})
	_, err := asks.Verify(t.Context(), access.Question{Name: "alice", Password: []byte("secret")})
	var asking *access.Asking
	if !errors.As(err, &asking) || asking.Message != "PIN: " {
		t.Fatalf("got %v", err)
	}
	identity, err := chain(answer{canonical: "alicia"}).Verify(t.Context(), access.Question{Name: "alice", Token: asking.Token})
	if err != nil || identity.Name != "alicia" {
		t.Errorf("an empty answer to the one who asked: %v, %v", identity, err)
	}
	if expected := []string{"a alice", "b alice", "b alice7"}; !slices.Equal(asked, expected) {
		t.Errorf("asked %q, want %q", asked, expected)
	}
	gone := password.NewChain(password.Backend{Name: "a", FirstFactor: first})
	if _, err := gone.Verify(t.Context(), access.Question{Name: "alice", Token: asking.Token}); !errors.Is(err, access.ErrBackend) {
		t.Errorf("the one who asked is gone: %v", err)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	unknown, known := answer{err: access.ErrUserUnknown}, answer{canonical: "alice@example.org"}
	for name, test := range map[string]struct {
		backends  []access.FirstFactor
		canonical string
		err       error
	}{
		"known":                              {[]access.FirstFactor{listed{unknown}, listed{known}}, "alice@example.org", nil},
		"unknown":                            {[]access.FirstFactor{listed{unknown}}, "", access.ErrUserUnknown},
		"known behind one that can't say":    {[]access.FirstFactor{known, listed{known}}, "alice@example.org", nil},
		"unknown, but one couldn't be asked": {[]access.FirstFactor{known, listed{unknown}}, "", access.ErrBackend},
		"one that fails":                     {[]access.FirstFactor{listed{answer{err: context.DeadlineExceeded}}, listed{known}}, "", access.ErrBackend},
	} {
		var asked []string
		var backends []password.Backend
		for _, backend := range test.backends {
			if l, ok := backend.(listed); ok {
				l.asked = &asked
				backend = l
			}
			backends = append(backends, password.Backend{Name: "x", FirstFactor: backend})
		}
		identity, err := password.NewChain(backends...).Lookup(t.Context(), "alice")
		if identity.Name != test.canonical || !errors.Is(err, test.err) {
			t.Errorf("%s: got %q, %v", name, identity.Name, err)
		}
	}
}
