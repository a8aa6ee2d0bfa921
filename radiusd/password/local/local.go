// Package local is the first factor of accounts whose password hash is in our
// own store.
//
// It promises that a name without a local password costs the same work as one
// with a hash of ours, that no more computations run at once than it was
// allowed, and that it says [access.ErrBusy] early where it couldn't answer in
// time. It never keeps a password and never changes an account.
//
// A password is its octets as they stand: 1 to 128 of any value, in no
// character set and without Unicode normalization.
package local

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"runtime"

	"vpn-otpd/radiusd/access"
)

// MaxPassword is the most octets of a password, as in RADIUS (RFC 2865 5.2).
const MaxPassword = 128

// Accounts is where the hashes are.
type Accounts interface {
	// PasswordHash returns the hash of a canonical name, "" where the account
	// has no local password; known is false where there is no such account.
	PasswordHash(ctx context.Context, name string) (hash string, known bool, err error)
}

// Options of a Local; the zero value of each field will do.
type Options struct {
	// Computations is the most that run at once; each of a hash of ours takes
	// 64 MiB. 0: one for each processor that Go uses.
	Computations int
	// AnotherFollows says that another backend is asked about names without a
	// local password. Then such a name costs nothing here: the work that hides
	// whether a name exists would be paid by every user of that backend.
	AnotherFollows bool
	Random         io.Reader // of salts
}

// Local checks the passwords of local accounts. Its methods may be used in parallel.
type Local struct {
	accounts       Accounts
	queue          *queue
	fresh          argon2id // the parameters of new hashes
	dummy          argon2id // what names without a password are checked against
	anotherFollows bool
	random         io.Reader
}

// New makes the first factor of local accounts. It measures what a check costs
// on this machine, which takes about as long as one.
func New(accounts Accounts, options Options) *Local {
	return newLocal(accounts, options, recommended)
}

func newLocal(accounts Accounts, options Options, fresh argon2id) *Local {
	if options.Computations < 1 {
		options.Computations = runtime.GOMAXPROCS(0)
	}
	if options.Random == nil {
		options.Random = rand.Reader
	}
	l := &Local{
		accounts: accounts, queue: newQueue(options.Computations),
		fresh: fresh, dummy: fresh, anotherFollows: options.AnotherFollows, random: options.Random,
	}
	l.dummy.salt, l.dummy.tag = make([]byte, saltSize), make([]byte, tagSize)
	l.queue.time(l.dummy)
	l.queue.time(cheapestBcrypt)
	return l
}

// Verify checks a password; see [access.FirstFactor]. An account without a local
// password is as unknown here as a name without an account: it may be one of
// another backend's users. A password longer than MaxPassword is wrong.
func (l *Local) Verify(ctx context.Context, q access.Question) (access.Identity, error) {
	password := q.Password
	text, known, err := l.accounts.PasswordHash(ctx, q.Name)
	if err != nil {
		return access.Identity{}, fmt.Errorf("%w: reading a password hash: %w", access.ErrStore, err)
	}
	if !known || text == "" {
		if l.anotherFollows {
			return access.Identity{}, access.ErrUserUnknown
		}
		return access.Identity{}, l.refuse(ctx, password, access.ErrUserUnknown)
	}
	if len(password) == 0 || len(password) > MaxPassword {
		return access.Identity{}, l.refuse(ctx, password, access.ErrPasswordWrong)
	}
	kept, err := parse(text)
	if err != nil {
		return access.Identity{}, fmt.Errorf("%w: the account's hash: %w", access.ErrBackend, err)
	}
	right := false
	if err := l.queue.do(ctx, kept, func() { right = kept.matches(password) }); err != nil {
		return access.Identity{}, err
	}
	if !right {
		return access.Identity{}, access.ErrPasswordWrong
	}
	return access.Identity{Name: q.Name, GroupsKnown: true}, nil // none
}

// Lookup finds an account with a local password; see [access.Directory].
func (l *Local) Lookup(ctx context.Context, name string) (access.Identity, error) {
	hash, known, err := l.accounts.PasswordHash(ctx, name)
	switch {
	case err != nil:
		return access.Identity{}, fmt.Errorf("%w: reading a password hash: %w", access.ErrStore, err)
	case !known || hash == "":
		return access.Identity{}, access.ErrUserUnknown
	}
	return access.Identity{Name: name, GroupsKnown: true}, nil
}

// refuse does the work of a check, and refuses whatever comes out of it.
func (l *Local) refuse(ctx context.Context, password []byte, refusal error) error {
	password = password[:min(len(password), MaxPassword)]
	if err := l.queue.do(ctx, l.dummy, func() { l.dummy.matches(password) }); err != nil {
		return err
	}
	return refusal
}

// Hash makes the hash to store for a new password. It takes its turn with the
// checks, however long that is. A password that Verify would never accept is
// an [access.Refusal].
func (l *Local) Hash(password []byte) (string, error) {
	if len(password) == 0 || len(password) > MaxPassword {
		return "", &access.Refusal{
			Kind: access.RefusedInvalid,
			Text: fmt.Sprintf("a password has 1 to %d octets, this one %d", MaxPassword, len(password)),
		}
	}
	h := l.fresh
	h.salt = make([]byte, saltSize)
	if _, err := io.ReadFull(l.random, h.salt); err != nil {
		return "", fmt.Errorf("drawing a salt: %w", err)
	}
	h.tag = make([]byte, tagSize)
	if err := l.queue.do(context.Background(), h, func() { h.tag = h.derive(password) }); err != nil {
		return "", err
	}
	return h.String(), nil
}

// Counters of a Local since it was made.
type Counters struct {
	Computed uint64 // hashes that were computed
	Busy     uint64 // checks that ended in ErrBusy
}

// Counters returns how much was done and how much refused.
func (l *Local) Counters() Counters {
	return Counters{Computed: l.queue.computed.Load(), Busy: l.queue.busy.Load()}
}
