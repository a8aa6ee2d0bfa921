// Package password asks the first factors one after the other: the first that
// knows the user decides.
//
// It promises that a backend which doesn't answer ends the question: a later
// backend never decides in its place. It never sends an empty password to a
// backend (an LDAP server takes one for an anonymous bind and says yes,
// RFC 4513 5.1.2), never keeps a password and never remembers an answer.
package password

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"vpn-otpd/radiusd/access"
)

// Backend is one first factor and the name that the configuration gives it.
type Backend struct {
	Name string // "local", "ldap", "radius"
	access.FirstFactor
}

// Chain asks backends in the configured order.
type Chain struct{ backends []Backend }

// NewChain makes a chain of at least one backend; without any, no question can
// be answered.
func NewChain(backends ...Backend) *Chain {
	return &Chain{backends: backends}
}

// Verify asks for the user in turn until a backend knows the name; the answer to
// an [access.Asking] goes to the backend that asked. Its errors are those of
// [access.FirstFactor], with the backend's name.
//
// An empty password is refused before any backend is asked. That costs less
// time than another refusal, and tells nothing: it is alike for every name.
func (c *Chain) Verify(ctx context.Context, q access.Question) (identity access.Identity, err error) {
	if len(c.backends) == 0 {
		return access.Identity{}, fmt.Errorf("%w: none is configured", access.ErrBackend)
	}
	backends := c.backends
	if q.Token != nil {
		if backends, q.Token, err = c.asker(q.Token); err != nil {
			return access.Identity{}, err
		}
	} else if len(q.Password) == 0 {
		return access.Identity{}, fmt.Errorf("%w: it is empty", access.ErrPasswordWrong)
	}
	for _, backend := range backends {
		identity, err = backend.Verify(ctx, q)
		if err == nil {
			return identity, nil
		}
		if err = backend.classify(err); !errors.Is(err, access.ErrUserUnknown) {
			return access.Identity{}, err
		}
	}
	return access.Identity{}, err
}

// asker finds the backend that asked back, whose name stands before its token.
func (c *Chain) asker(token []byte) ([]Backend, []byte, error) {
	name, inner, _ := bytes.Cut(token, []byte{0})
	for _, backend := range c.backends {
		if backend.Name == string(name) {
			return []Backend{backend}, inner, nil
		}
	}
	return nil, nil, fmt.Errorf("%w: %s asked, and is not configured any more", access.ErrBackend, name)
}

// Lookup asks in turn for a user without a password. Where no backend knows the
// name, but one can't be asked that way, nobody can say.
func (c *Chain) Lookup(ctx context.Context, name string) (access.Identity, error) {
	unknown := fmt.Errorf("%w: no backend has the name", access.ErrUserUnknown)
	for _, backend := range c.backends {
		directory, ok := backend.FirstFactor.(access.Directory)
		if !ok {
			unknown = fmt.Errorf("%w: %s can't be asked without a password", access.ErrBackend, backend.Name)
			continue
		}
		identity, err := directory.Lookup(ctx, name)
		if err == nil {
			return identity, nil
		}
		if err = backend.classify(err); !errors.Is(err, access.ErrUserUnknown) {
			return access.Identity{}, err
		}
	}
	return access.Identity{}, unknown
}

// classify names the backend. What is neither a refusal nor one of the errors
// that mean "no answer" is a failing backend.
func (b Backend) classify(err error) error {
	if asking := (*access.Asking)(nil); errors.As(err, &asking) {
		token := append(append([]byte(b.Name), 0), asking.Token...)
		return &access.Asking{Message: asking.Message, Token: token}
	}
	for _, expected := range []error{
		access.ErrBusy, access.ErrBackend, access.ErrStore, access.ErrUserUnknown, access.ErrPasswordWrong,
		access.ErrPasswordExpired, access.ErrAccountLocked,
	} {
		if errors.Is(err, expected) {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
	}
	return fmt.Errorf("%w: %s: %w", access.ErrBackend, b.Name, err)
}
