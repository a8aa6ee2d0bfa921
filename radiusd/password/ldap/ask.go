package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vpn-otpd/radiusd/access"
)

// leastWait is the time that must be left to ask a further server.
const leastWait = 50 * time.Millisecond

// ask runs a step at one server after the other until one answers. What the
// step itself calls a refusal or a fault is the last word; any other error is
// the connection's.
func (l *LDAP) ask(ctx context.Context, r role, step func(context.Context, *connection) error) error {
	var failures []error
	var tried []*server
	for s := l.next(tried); s != nil; s = l.next(tried) {
		deadline, _ := ctx.Deadline()
		left := time.Until(deadline)
		if left < leastWait {
			break
		}
		if tried = append(tried, s); l.others(tried) {
			left /= 2 // a server that hangs leaves the others as much
		}
		attempt, cancel := context.WithTimeout(ctx, left)
		err := s.do(ctx, attempt, r, step)
		cancel()
		if err == nil || final(err) {
			return err
		}
		failures = append(failures, err)
	}
	return unanswered(failures)
}

// next is the first server that wasn't tried and isn't dead; where all are dead,
// the first of them that it does no harm to ask.
func (l *LDAP) next(tried []*server) *server {
	var dead *server
	for _, s := range l.servers {
		switch {
		case slices.Contains(tried, s):
		case s.available():
			return s
		case dead == nil && !s.refusing():
			dead = s
		}
	}
	return dead
}

// others reports whether a server is left to try.
func (l *LDAP) others(tried []*server) bool {
	return slices.ContainsFunc(l.servers, func(s *server) bool { return !slices.Contains(tried, s) && !s.refusing() })
}

// final reports whether an error is the last word on a question.
func final(err error) bool {
	return slices.ContainsFunc([]error{
		access.ErrBackend, access.ErrUserUnknown, access.ErrPasswordWrong, access.ErrPasswordExpired, access.ErrAccountLocked,
	}, func(kind error) bool { return errors.Is(err, kind) })
}

// unanswered is the error of a question that no server answered: ErrBusy where
// all that was missing is a free connection.
func unanswered(failures []error) error {
	kind, busy := access.ErrBackend, 0
	texts := make([]string, len(failures))
	for i, err := range failures {
		texts[i] = err.Error()
		if errors.Is(err, access.ErrBusy) {
			busy++
		}
	}
	switch {
	case len(failures) == 0:
		return fmt.Errorf("%w: no LDAP server can be asked now", kind)
	case busy == len(failures):
		kind = access.ErrBusy
	}
	return fmt.Errorf("%w: %s", kind, strings.Join(texts, "; "))
}
