package ldap

import (
	"fmt"

	goldap "github.com/go-ldap/ldap/v3"

	"vpn-otpd/radiusd/access"
)

// inChain is the rule by which Active Directory finds groups of groups.
const inChain = "(member:1.2.840.113556.1.4.1941:={dn})"

// identify is who a user is, groups included. What would be left out might be
// the group of a stricter rule, so that not knowing all groups is a fault.
func (l *LDAP) identify(u user, search func(query) (answer, error)) (access.Identity, error) {
	groups := u.groups
	var err error
	switch l.options.Groups {
	case GroupsMemberOf:
		if u.partial {
			return access.Identity{}, fmt.Errorf("%w: the directory shows only a part of the groups of %q at once, as more than the first %d are too many", access.ErrBackend, u.dn, len(groups))
		}
		groups, err = l.groupNames(groups)
	case GroupsNested:
		groups, err = l.searchGroups(inChain, u, search)
	case GroupsSearch:
		groups, err = l.searchGroups(l.options.GroupFilter, u, search)
	}
	if err != nil {
		return access.Identity{}, err
	}
	if len(groups) > access.MaxGroups {
		return access.Identity{}, tooMany(u)
	}
	return access.Identity{Name: u.name, Groups: groups, GroupsKnown: l.options.Groups != GroupsNone}, nil
}

func tooMany(u user) error {
	return fmt.Errorf("%w: %q is in more groups than the server shows, or than %d", access.ErrBackend, u.dn, access.MaxGroups)
}

// searchGroups finds the groups that a filter finds for a user.
func (l *LDAP) searchGroups(filter string, u user, search func(query) (answer, error)) ([]string, error) {
	attribute := l.options.GroupName
	wanted := attribute
	if attribute == "" || attribute == WholeDN {
		wanted = "1.1" // no attributes (RFC 4511, section 4.5.1.8)
	}
	found, err := search(query{
		base: l.options.GroupBase, scope: goldap.ScopeWholeSubtree, limit: access.MaxGroups, attributes: []string{wanted},
		filter: fill(filter, map[string]string{"{dn}": u.dn, "{name}": u.name}),
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("finding the groups: %w", err)
	case found.nowhere:
		return nil, fmt.Errorf("%w: there is nothing at the base of groups %q", access.ErrBackend, l.options.GroupBase)
	case found.more:
		return nil, tooMany(u)
	}
	var groups, dns []string
	for _, entry := range found.entries {
		if wanted == attribute {
			groups = append(groups, entry.GetEqualFoldAttributeValues(attribute)...)
		} else {
			dns = append(dns, entry.DN)
		}
	}
	if wanted == attribute {
		return groups, nil
	}
	return l.groupNames(dns)
}

// groupNames are the names of groups by their DNs: the value of the RDN, or all
// of it. Groups outside the base don't count: whoever may make groups elsewhere
// could give one the name of another.
func (l *LDAP) groupNames(dns []string) ([]string, error) {
	base, err := goldap.ParseDN(l.options.GroupBase)
	if err != nil {
		return nil, fmt.Errorf("%w: the base of groups: %w", access.ErrBackend, err)
	}
	var names []string
	for _, text := range dns {
		dn, err := goldap.ParseDN(text)
		if err != nil || len(dn.RDNs) == 0 || len(dn.RDNs[0].Attributes) == 0 {
			return nil, fmt.Errorf("%w: %q is no DN of a group", access.ErrBackend, text)
		}
		switch {
		case len(base.RDNs) > 0 && !base.AncestorOfFold(dn) && !base.EqualFold(dn):
		case l.options.GroupName == WholeDN:
			names = append(names, text)
		default:
			names = append(names, dn.RDNs[0].Attributes[0].Value)
		}
	}
	return names, nil
}
