package ldap

import (
	"context"
	"errors"
	"fmt"

	goldap "github.com/go-ldap/ldap/v3"

	"vpn-otpd/radiusd/access"
)

// query is a search. Its filter has no placeholders anymore.
type query struct {
	base       string
	scope      int
	filter     string
	limit      int // of entries
	attributes []string
}

// answer is what a search found. No referral is in it: none is followed.
type answer struct {
	entries []*goldap.Entry
	more    bool // there are more than the limit, or than the server shows
	nowhere bool // the base doesn't exist
}

// search is one search on this connection, as whoever is bound on it. An error
// is not final: another server may be able to say.
func (c *connection) search(ctx context.Context, q query) (found answer, err error) {
	request := goldap.NewSearchRequest(q.base, q.scope, goldap.NeverDerefAliases, q.limit, 0, false, q.filter, q.attributes, nil)
	err = c.within(ctx, func() error {
		result, err := c.conn.Search(request)
		if result != nil {
			found.entries = result.Entries
		}
		return err
	})
	switch {
	case err == nil:
		found.more = len(found.entries) > q.limit
	case goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded):
		found.more, err = true, nil
	case goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchObject):
		found.nowhere, err = true, nil
	case goldap.IsErrorWithCode(err, goldap.LDAPResultReferral):
		err = fmt.Errorf("searching under %q: the server refers to another, which is not asked", q.base)
	default:
		err = fmt.Errorf("searching under %q: %w", q.base, err)
	}
	return found, err
}

// searchAsService searches with the service account's rights at whichever
// server answers.
func (l *LDAP) searchAsService(ctx context.Context) func(query) (answer, error) {
	return func(q query) (found answer, err error) {
		err = l.ask(ctx, searching, func(ctx context.Context, c *connection) error {
			found, err = c.search(ctx, q)
			return err
		})
		return found, err
	}
}

// bindUser binds a user on this connection, once. Where the answer gets lost
// nobody can say whether it counted, so that too is final.
func (c *connection) bindUser(ctx context.Context, name, password string) error {
	if name == "" || password == "" { // a server would say yes to either
		return fmt.Errorf("%w: nobody is bound without a name and a password", access.ErrBackend)
	}
	request := goldap.NewSimpleBindRequest(name, password, []goldap.Control{goldap.NewControlBeheraPasswordPolicy()})
	var result *goldap.SimpleBindResult
	err := c.within(ctx, func() (err error) {
		result, err = c.conn.SimpleBind(request)
		return err
	})
	if err != nil && !answered(err) {
		return fmt.Errorf("%w: no answer to a bind: %w", access.ErrBackend, err)
	}
	if c.broken && err == nil {
		return fmt.Errorf("%w: the answer to a bind came too late", access.ErrBackend)
	}
	if result == nil {
		return fmt.Errorf("%w: %w", access.ErrBackend, errors.Join(errors.New("no result of a bind"), err))
	}
	return verdict(err, result.Controls)
}
