// Package password asks the first factors one after the other: the first that
// knows the user decides.
//
// It promises that a backend which doesn't answer ends the question: a later
// backend never decides in its place. It never sends an empty password to a
// backend (an LDAP server takes one for an anonymous bind and says yes,
// RFC 4513 5.1.2), never keeps a password and never remembers an answer.
package password

import (
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

// Verify asks for the user in turn until a backend knows the name. Its errors
// are those of [access.FirstFactor], with the backend's name.
//
// An empty password is refused before any backend is asked. That costs less
// time than another refusal, and tells nothing: it is alike for every name.
func (c *Chain) Verify(ctx context.Context, name string, password []byte) (canonical string, err error) {
	if len(c.backends) == 0 {
		return "", fmt.Errorf("%w: none is configured", access.ErrBackend)
	}
	if len(password) == 0 {
		return "", fmt.Errorf("%w: it is empty", access.ErrPasswordWrong)
	}
	for _, backend := range c.backends {
		canonical, err = backend.Verify(ctx, name, password)
		if err == nil {
			return canonical, nil
		}
		if err = backend.classify(err); !errors.Is(err, access.ErrUserUnknown) {
			return "", err
		}
	}
	return "", err
}

// classify names the backend. What is neither a refusal nor one of the errors
// that mean "no answer" is a failing backend.
func (b Backend) classify(err error) error {
	for _, expected := range []error{
		access.ErrBusy, access.ErrBackend, access.ErrStore, access.ErrUserUnknown, access.ErrPasswordWrong,
	} {
		if errors.Is(err, expected) {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
	}
	return fmt.Errorf("%w: %s: %w", access.ErrBackend, b.Name, err)
}
