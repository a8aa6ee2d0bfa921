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

func (a answer) Verify(_ context.Context, name string, _ []byte) (string, error) {
	*a.asked = append(*a.asked, a.name+" "+name)
	return a.canonical, a.err
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
			canonical, err := password.NewChain(backends...).Verify(t.Context(), "alice", []byte(test.password))
			if canonical != test.canonical || !errors.Is(err, test.err) {
				t.Errorf("got %q, %v; want %q, %v", canonical, err, test.canonical, test.err)
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
