package ldap

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"vpn-otpd/radiusd/access"
)

// role is what a connection is for. A user is bound on none to search with the
// service account's rights.
type role int

const (
	searching role = iota // as the service account
	binding               // as whoever was bound last
)

// server is one of the servers, and what is known of it.
type server struct {
	url      string
	endpoint endpoint
	options  *Options
	pools    [2]*pool // by role

	mutex     sync.Mutex
	deadUntil time.Time // zero: it isn't dead
	refused   bool      // it is dead because it refuses the service account
	answered  time.Time // when it last did
	counters  Counters
}

func newServer(url string, options *Options) (*server, error) {
	e, err := parseURL(url)
	if err != nil {
		return nil, fmt.Errorf("server %q: %w", url, err)
	}
	s := &server{url: url, endpoint: e, options: options}
	probe := options.Timeout / 4
	s.pools[searching] = newPool(options.Connections, probe, s.openService)
	s.pools[binding] = newPool(options.Connections, probe, s.openUser)
	return s, nil
}

func (s *server) close() {
	for _, p := range s.pools {
		p.close()
	}
}

// errService: the service account is refused. Trying again and again might lock it.
var errService = errors.New("the service account is refused")

// openService opens a connection to search on.
func (s *server) openService(ctx context.Context) (*connection, error) {
	c, err := s.dial(ctx)
	if err != nil || s.options.BindDN == "" {
		return c, err
	}
	err = c.within(ctx, func() error { return c.conn.Bind(s.options.BindDN, s.options.BindPassword) })
	if err == nil {
		return c, nil
	}
	c.close()
	if goldap.IsErrorAnyOf(err, goldap.LDAPResultInvalidCredentials, goldap.LDAPResultInvalidDNSyntax, goldap.LDAPResultInappropriateAuthentication) {
		return nil, fmt.Errorf("%w: %w", errService, err)
	}
	return nil, fmt.Errorf("binding the service account: %w", err)
}

// openUser opens a connection to bind users on. One that has said nothing yet is
// asked for something first: a bind isn't sent a second time elsewhere.
func (s *server) openUser(ctx context.Context) (*connection, error) {
	c, err := s.dial(ctx)
	if err == nil && c.heard.IsZero() && !c.alive(ctx, s.options.Timeout) {
		c.close()
		return nil, errors.New("it says nothing")
	}
	return c, err
}

// do runs a step on a connection: until the end of attempt where the step only
// searches, until that of ctx where it binds.
func (s *server) do(ctx, attempt context.Context, r role, step func(context.Context, *connection) error) error {
	began := s.options.Now()
	c, err := s.pools[r].take(attempt)
	if err != nil {
		s.note(ctx, began, err, true)
		return fmt.Errorf("%s: %w", s.url, err)
	}
	defer s.pools[r].release(c)
	if r == searching {
		ctx = attempt
	}
	err = step(ctx, c)
	s.note(ctx, began, err, c.broken)
	if err != nil {
		return fmt.Errorf("%s: %w", s.url, err)
	}
	return nil
}

// available reports whether the server isn't to be passed over. When its dead
// time is over, one login finds out whether it lives; the others go on passing
// it over meanwhile.
func (s *server) available() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := s.options.Now()
	switch {
	case s.deadUntil.IsZero():
		return true
	case now.Before(s.deadUntil):
		return false
	}
	s.deadUntil, s.refused = now.Add(s.options.Timeout), false
	return true
}

// refusing reports whether asking it before its dead time is over would only
// bring the service account closer to being locked.
func (s *server) refusing() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.refused
}

// note counts how a question ended, and what that says of the server.
func (s *server) note(ctx context.Context, began time.Time, err error, broken bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.counters.add(ctx, err, broken)
	now := s.options.Now()
	switch {
	case !broken:
		s.answered = now
		if !s.deadUntil.IsZero() {
			s.options.Logger.Info("LDAP server answers again", "server", s.url)
		}
		s.deadUntil, s.refused = time.Time{}, false
	case errors.Is(err, access.ErrBusy), errors.Is(ctx.Err(), context.Canceled): // not its fault
	case s.answered.Before(began): // else it lives, and this one connection got lost
		if s.deadUntil.IsZero() {
			s.options.Logger.Warn("LDAP server fails and is passed over for a while", "server", s.url, "for", s.options.DeadTime, "error", err)
		}
		s.deadUntil, s.refused = now.Add(s.options.DeadTime), errors.Is(err, errService)
	}
}
