package access

import (
	"context"
	"errors"
)

// FirstFactor checks passwords. Its implementations may be used in parallel.
type FirstFactor interface {
	// Verify checks the password of a canonical name, once, and returns who the
	// backend says it is. A refusal is ErrUserUnknown, ErrPasswordWrong,
	// ErrPasswordExpired or ErrAccountLocked; an *Asking asks back. Any other
	// error means that nothing was checked, and is ErrBusy, ErrBackend or
	// ErrStore. An empty password is always wrong.
	Verify(ctx context.Context, q Question) (Identity, error)
}

// Directory is a first factor that also says who a user is without a password.
type Directory interface {
	// Lookup finds a canonical name. It is ErrUserUnknown where there is no such
	// user, and any other error where nobody could say.
	Lookup(ctx context.Context, name string) (Identity, error)
}

// Question is what a first factor is asked.
type Question struct {
	Name     string // canonical
	Password []byte
	// Token is that of the *Asking which this answers; nil on a new login. The
	// password is the answer then, and may be empty.
	Token []byte

	// For backends that pass them on, as the client sent them; "" if absent.
	Client         string // its configured name
	NASIdentifier  string
	CallingStation string
}

// Identity is who a first factor says that a user is.
type Identity struct {
	// Name is what the backend knows the user by. It is canonicalized once more.
	Name string
	// Groups are the user's, as the backend names them; at most MaxGroups.
	Groups []string
	// GroupsKnown: the backend tells groups, and these are all of them. Without
	// it nothing is known of the user's groups.
	GroupsKnown bool
	// Attributes are for the Access-Accept, from a backend that has such.
	Attributes []Attribute
}

// MaxGroups bounds the groups that are taken of one user.
const MaxGroups = 1000

// Attribute is a RADIUS attribute as it stands in a packet.
type Attribute struct {
	Type  uint8
	Value []byte // 1 to 253 octets
}

// Asking is the error of a backend that wants another answer before it decides.
type Asking struct {
	Message string // for the user, as the backend wrote it; may be empty
	// Token lets the backend go on from here, on any node. It is kept in the
	// store and comes back once.
	Token []byte
}

func (a *Asking) Error() string { return "the first factor asks back" }

// Refusals of a first factor. They end in a Reject. The first two count as failures.
var (
	// ErrUserUnknown: no backend holds a password for this name.
	ErrUserUnknown = errors.New("user not known to the first factor")
	// ErrPasswordWrong: a backend knows the user, and this isn't the password.
	ErrPasswordWrong = errors.New("password wrong")
	// ErrPasswordExpired: it is the password, and must be changed first.
	ErrPasswordExpired = errors.New("password expired")
	// ErrAccountLocked: it is the password, and the backend lets the user in nowhere.
	ErrAccountLocked = errors.New("account locked or disabled by the first factor")
)
