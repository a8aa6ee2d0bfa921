// Package upstream is the first factor of users whose passwords another RADIUS
// server checks.
//
// It promises that a password goes to one server at a time, and to the next one
// only where nothing came back that could be trusted; that a Reject is the last
// word; and that what a server asks back is answered to that server. An answer
// that is late, forged or without a Message-Authenticator changes nothing,
// unless a server is allowed to send none. Nobody answering is
// [access.ErrBackend], never a refusal. Who was accepted is whom the server names;
// a typed name counts in place of that only where it can't be another user's.
//
// It never keeps a password, never remembers an answer, and passes nothing on to
// the Access-Accept that is for the hop between the server and us alone.
package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"vpn-otpd/radiusd/access"
)

// Bounds of what New takes.
const (
	MaxServers = 8
	MaxAddress = 200 // octets
	// MaxName is the most octets of a user's name in RADIUS (RFC 2865, section 5).
	MaxName = 253
	// MaxPassword is the most octets of a password (RFC 2865, section 5.2).
	MaxPassword = 128
)

// Defaults of Options.
const (
	DefaultTimeout  = 900 * time.Millisecond
	DefaultDeadTime = time.Minute
)

// Server is a RADIUS server that checks passwords.
type Server struct {
	Address string // host and port, up to MaxAddress octets
	Secret  []byte // shared with it, at least one octet
	// AllowWithoutMessageAuthenticator takes its replies without one: anybody on
	// the way can forge those (CVE-2024-3596).
	AllowWithoutMessageAuthenticator bool
}

// Options of an Upstream. All but the servers may be zero.
type Options struct {
	Servers []Server // 1 to MaxServers, the preferred one first
	// Timeout is how long until a request is sent again, once; then the server
	// is waited for as long again. Servers delay their rejects, often by 1 s:
	// both waits together must be longer than that.
	Timeout time.Duration
	// DeadTime is how long a server that didn't answer is passed over, unless
	// all are.
	DeadTime time.Duration
	// NASIdentifier is what we call ourselves; "": what the client calls itself,
	// or Node where it doesn't say.
	NASIdentifier string
	Node          string
	// GroupAttribute is the number of the reply attribute whose values are the
	// user's groups, such as 25 (Class) or 11 (Filter-Id); 0: none.
	GroupAttribute uint8
	// TypedNames are those that count where the server returns no User-Name; "":
	// TypedPlain.
	TypedNames TypedNames
	Logger     *slog.Logger
	Now        func() time.Time
}

// Upstream asks the servers. Its methods may be used in parallel.
type Upstream struct {
	servers []*server
	options Options
}

// New makes the first factor of users whom other servers know. It sends nothing.
func New(options Options) (*Upstream, error) {
	if n := len(options.Servers); n < 1 || n > MaxServers {
		return nil, fmt.Errorf("%d upstream servers: 1 to %d are possible", n, MaxServers)
	}
	options.Timeout, options.DeadTime = cmp.Or(options.Timeout, DefaultTimeout), cmp.Or(options.DeadTime, DefaultDeadTime)
	options.TypedNames = cmp.Or(options.TypedNames, TypedPlain)
	if !slices.Contains([]TypedNames{TypedPlain, TypedAll, TypedNone}, options.TypedNames) {
		return nil, fmt.Errorf("typed names %q: %q, %q or %q is possible", options.TypedNames, TypedPlain, TypedAll, TypedNone)
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	u := &Upstream{options: options}
	for _, s := range options.Servers {
		if s.Address == "" || len(s.Address) > MaxAddress || len(s.Secret) == 0 {
			return nil, fmt.Errorf("upstream server %q: an address of at most %d octets and a secret are needed", s.Address, MaxAddress)
		}
		if u.find(s.Address) != nil {
			return nil, fmt.Errorf("upstream server %q is there twice", s.Address)
		}
		u.servers = append(u.servers, newServer(s, &u.options))
	}
	return u, nil
}

// Close ends the questions under way. Later ones are ErrBackend.
func (u *Upstream) Close() error {
	var err error
	for _, s := range u.servers {
		err = errors.Join(err, s.sockets.close())
	}
	return err
}

// Verify asks a server for a user; see [access.FirstFactor]. A Reject is
// ErrPasswordWrong: servers don't say whether they know a user. An Accept that
// leaves open who it is for is ErrUserUnknown.
func (u *Upstream) Verify(ctx context.Context, q access.Question) (access.Identity, error) {
	switch {
	case len(q.Name) > MaxName:
		return access.Identity{}, fmt.Errorf("%w: RADIUS carries no name of %d octets", access.ErrUserUnknown, len(q.Name))
	case len(q.Password) > MaxPassword:
		return access.Identity{}, fmt.Errorf("%w: RADIUS carries no password of %d octets", access.ErrPasswordWrong, len(q.Password))
	case len(q.Password) == 0 && q.Token == nil:
		return access.Identity{}, fmt.Errorf("%w: it is empty", access.ErrPasswordWrong)
	}
	a, err := u.ask(ctx, q)
	if err != nil {
		return access.Identity{}, err
	}
	return a.verdict(q.Name, &u.options)
}
