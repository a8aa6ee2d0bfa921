// Package ldap is the first factor of users who are in an LDAP directory, Active
// Directory included.
//
// It promises that a user is bound at most once per login, and never with an
// empty password (a server takes that for an anonymous bind and says yes,
// RFC 4513, section 5.1.2); that a name reaches a DN or a filter escaped only;
// that passwords and searches go over TLS, or stay on this machine; that a
// refusal is the last word; and that no answer, whatever the server does, takes
// longer than the timeout. No server answering is [access.ErrBackend], never a
// refusal.
//
// It never keeps a password, never follows a referral, never remembers what a
// search found, and never searches on a connection that the service account
// opened and a user was bound on since: those are two kinds of connections.
package ldap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"vpn-otpd/radiusd/access"
)

// Bounds of what Verify takes, in octets.
const (
	MaxName     = 256
	MaxPassword = 512
)

// LDAP asks the servers. Its methods may be used in parallel.
type LDAP struct {
	servers []*server
	options Options
}

// New makes the first factor of users of a directory. It connects to nothing.
// The error is one or more Faults.
func New(options Options) (*LDAP, error) {
	var faults []error
	for _, fault := range options.Faults() {
		faults = append(faults, fault)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	l := &LDAP{options: options.complete()}
	for _, url := range options.Servers {
		s, err := newServer(url, &l.options)
		if err != nil {
			return nil, err
		}
		l.servers = append(l.servers, s)
	}
	return l, nil
}

// Close closes the connections. Later questions are ErrBackend.
func (l *LDAP) Close() {
	for _, s := range l.servers {
		s.close()
	}
}

// Verify binds a user; see [access.FirstFactor]. The identity's name is the one
// value of the name attribute. With a bind template a user who isn't there is
// ErrPasswordWrong: servers don't tell the difference. So is one of several
// entries, or whose name attribute hasn't one value.
func (l *LDAP) Verify(ctx context.Context, q access.Question) (access.Identity, error) {
	// Some servers take a password for a C string, and one that begins with NUL
	// for none.
	switch {
	case len(q.Password) == 0:
		return access.Identity{}, fmt.Errorf("%w: it is empty", access.ErrPasswordWrong)
	case len(q.Password) > MaxPassword, bytes.IndexByte(q.Password, 0) >= 0:
		return access.Identity{}, fmt.Errorf("%w: it is too long, or has a NUL", access.ErrPasswordWrong)
	}
	if err := l.checkName(q.Name); err != nil {
		return access.Identity{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.options.Timeout)
	defer cancel()
	if l.options.BindTemplate != "" {
		return l.bindByTemplate(ctx, q.Name, string(q.Password))
	}
	found, err := l.findUser(ctx, q.Name)
	if errors.Is(err, errUnclear) {
		return access.Identity{}, fmt.Errorf("%w: %w", access.ErrPasswordWrong, err)
	}
	if err != nil {
		return access.Identity{}, err
	}
	if err := l.bind(ctx, found.dn, string(q.Password)); err != nil {
		return access.Identity{}, err
	}
	return l.identify(found, l.searchAsService(ctx))
}

// Lookup finds a user without a password; see [access.Directory]. With a bind
// template it needs a service account, and is ErrBackend without, and for a name
// that may be several users'.
func (l *LDAP) Lookup(ctx context.Context, name string) (access.Identity, error) {
	if err := l.checkName(name); err != nil {
		return access.Identity{}, err
	}
	if !l.options.LooksUp() {
		return access.Identity{}, fmt.Errorf("%w: without a service account nobody can be looked up", access.ErrBackend)
	}
	ctx, cancel := context.WithTimeout(ctx, l.options.Timeout)
	defer cancel()
	found, err := l.findUser(ctx, name)
	if errors.Is(err, errUnclear) {
		return access.Identity{}, fmt.Errorf("%w: %w", access.ErrBackend, err)
	}
	if err != nil {
		return access.Identity{}, err
	}
	return l.identify(found, l.searchAsService(ctx))
}

// checkName refuses what can't be the name of a user here.
func (l *LDAP) checkName(name string) error {
	if name == "" || len(name) > MaxName || !utf8.ValidString(name) || !l.options.carries(name) {
		return fmt.Errorf("%w: no name of the directory looks like this", access.ErrUserUnknown)
	}
	return nil
}

// bind binds a user who was found, at one server.
func (l *LDAP) bind(ctx context.Context, dn, password string) error {
	return l.ask(ctx, binding, func(ctx context.Context, c *connection) error {
		return c.bindUser(ctx, dn, password)
	})
}

// bindByTemplate binds a user and reads the own entry on the same connection.
func (l *LDAP) bindByTemplate(ctx context.Context, name, password string) (identity access.Identity, err error) {
	err = l.ask(ctx, binding, func(ctx context.Context, c *connection) error {
		if err := c.bindUser(ctx, l.options.bindName(name), password); err != nil {
			return err
		}
		found, err := l.readOwn(ctx, c, name)
		if err == nil {
			identity, err = l.identify(found, func(q query) (answer, error) { return c.search(ctx, q) })
		}
		if errors.Is(err, errUnclear) {
			return fmt.Errorf("%w: after the bind: %w", access.ErrPasswordWrong, err)
		}
		if err != nil { // a second server would bind the user a second time
			return fmt.Errorf("%w: after the bind: %w", access.ErrBackend, err)
		}
		return nil
	})
	return identity, err
}
