package access

import (
	"context"
	"errors"
)

// FirstFactor checks passwords. Its implementations may be used in parallel.
type FirstFactor interface {
	// Verify checks the password of a canonical name and returns the name that
	// the backend knows the user by. A refusal is ErrUserUnknown or
	// ErrPasswordWrong; any other error means that nothing was checked, and is
	// ErrBusy, ErrBackend or ErrStore. An empty password is always wrong.
	Verify(ctx context.Context, name string, password []byte) (canonical string, err error)
}

// Refusals of a first factor. They end in a Reject, and count as failures.
var (
	// ErrUserUnknown: no backend holds a password for this name.
	ErrUserUnknown = errors.New("user not known to the first factor")
	// ErrPasswordWrong: a backend knows the user, and this isn't the password.
	ErrPasswordWrong = errors.New("password wrong")
)
