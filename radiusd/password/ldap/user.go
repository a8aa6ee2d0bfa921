package ldap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	goldap "github.com/go-ldap/ldap/v3"

	"vpn-otpd/radiusd/access"
)

const (
	memberOf    = "memberOf"
	accountName = "sAMAccountName"
)

// errUnclear: the directory knows the name, and doesn't say whose it is. For a
// login it is a refusal: silence would be a stranger's to have, and no further
// backend is to decide who has the name.
var errUnclear = errors.New("the directory leaves open who this is")

// user is an entry that was found.
type user struct {
	dn      string
	name    string
	account string // Active Directory's own name; "": not known
	groups  []string
	// partial: the server gives the groups in parts, of which this is the first.
	partial bool
}

// findUser finds a user as the service account.
func (l *LDAP) findUser(ctx context.Context, name string) (user, error) {
	found, err := l.searchAsService(ctx)(l.userQuery(name))
	if err != nil {
		return user{}, err
	}
	return l.onlyUser(found)
}

// readOwn reads the entry of the user who was bound on a connection.
func (l *LDAP) readOwn(ctx context.Context, c *connection, name string) (user, error) {
	found, err := c.search(ctx, l.userQuery(name))
	if err != nil {
		return user{}, err
	}
	u, err := l.onlyUser(found)
	switch {
	case errors.Is(err, access.ErrUserUnknown):
		return user{}, errors.New("the user can't read the own entry, or the filter doesn't find it")
	case err != nil || l.options.bindsDN():
		return u, err
	}
	return u, c.confirm(ctx, u)
}

// userQuery is the search for a user. Where the name makes the DN, only that
// entry is read.
func (l *LDAP) userQuery(name string) query {
	attributes := []string{l.options.NameAttribute}
	if l.options.Groups == GroupsMemberOf {
		attributes = append(attributes, memberOf)
	}
	if l.options.BindTemplate != "" && l.options.bindsDN() {
		return query{base: l.options.bindName(name), scope: goldap.ScopeBaseObject, filter: "(objectClass=*)", limit: 1, attributes: attributes}
	}
	if l.options.BindTemplate != "" && l.options.NameAttribute != accountName {
		attributes = append(attributes, accountName)
	}
	return query{
		base: l.options.Base, scope: goldap.ScopeWholeSubtree, limit: 2, attributes: attributes,
		filter: fill(l.options.Filter, map[string]string{"{name}": name}),
	}
}

// onlyUser is the one user whom a search found.
func (l *LDAP) onlyUser(found answer) (user, error) {
	switch {
	case len(found.entries) > 1 || found.more:
		return user{}, fmt.Errorf("%w: it has more than one entry for this name", errUnclear)
	case found.nowhere && (l.options.BindTemplate == "" || !l.options.bindsDN()):
		return user{}, fmt.Errorf("%w: there is nothing at the base %q", access.ErrBackend, l.options.Base)
	case len(found.entries) == 0:
		return user{}, access.ErrUserUnknown
	}
	entry := found.entries[0]
	if entry.DN == "" { // binding it would be an anonymous bind
		return user{}, fmt.Errorf("%w: an entry without a DN", access.ErrBackend)
	}
	names := entry.GetEqualFoldAttributeValues(l.options.NameAttribute)
	if len(names) != 1 || names[0] == "" || len(names[0]) > MaxName || !utf8.ValidString(names[0]) {
		return user{}, fmt.Errorf("%w: %q has %d values of %s: one is needed, the user's name in UTF-8", errUnclear, entry.DN, len(names), l.options.NameAttribute)
	}
	u := user{dn: entry.DN, name: names[0], account: entry.GetEqualFoldAttributeValue(accountName)}
	for _, attribute := range entry.Attributes {
		kind, option, _ := strings.Cut(attribute.Name, ";")
		if strings.EqualFold(kind, memberOf) {
			u.groups = append(u.groups, attribute.Values...)
			u.partial = u.partial || strings.HasPrefix(strings.ToLower(option), "range=")
		}
	}
	return u, nil
}

// confirm has the server say that who was bound is who was found: one account's
// principal name may be another one's account name.
func (c *connection) confirm(ctx context.Context, u user) error {
	var said string
	err := c.within(ctx, func() error {
		result, err := c.conn.WhoAmI(nil) // RFC 4532
		if err == nil {
			said = result.AuthzID
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("asking who was bound: %w", err)
	}
	if text, ok := strings.CutPrefix(said, "dn:"); ok {
		bound, boundErr := goldap.ParseDN(text)
		read, readErr := goldap.ParseDN(u.dn)
		if boundErr == nil && readErr == nil && bound.EqualFold(read) {
			return nil
		}
	}
	if text, ok := strings.CutPrefix(said, "u:"); ok {
		if _, account, ok := strings.Cut(text, `\`); ok && account != "" && strings.EqualFold(account, u.account) {
			return nil
		}
	}
	return fmt.Errorf("%q was bound, but the filter finds %q", said, u.dn)
}
