package ldap_test

import (
	"errors"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/password/ldap"
)

// Where a base of groups is set, a group of the same name elsewhere is another
// one; what is no DN is a fault, wherever it would be.
func TestGroupBase(t *testing.T) {
	t.Parallel()
	const vpn, foreign = "CN=vpn,OU=Groups,DC=example,DC=org", "cn=vpn,ou=mine,dc=example,dc=org"
	for name, test := range map[string]struct {
		groups, base, name string
		dns                []string
		want               string
		err                error
	}{
		"elsewhere":               {"memberOf", "ou=groups,dc=example,dc=org", "", []string{foreign}, "", nil},
		"elsewhere, by DN":        {"memberOf", "ou=groups,dc=example,dc=org", "dn", []string{foreign}, "", nil},
		"elsewhere, nested":       {"nested", "ou=groups,dc=example,dc=org", "", []string{foreign}, "", nil},
		"a suffix of letters":     {"memberOf", "ou=groups,dc=example,dc=org", "", []string{"cn=vpn,ou=my\\,ou=groups,dc=example,dc=org"}, "", nil},
		"in the name":             {"memberOf", "ou=groups,dc=example,dc=org", "", []string{"cn=vpn\\,ou=groups\\,dc=example\\,dc=org,dc=org"}, "", nil},
		"above":                   {"memberOf", "ou=groups,dc=example,dc=org", "", []string{"dc=example,dc=org"}, "", nil},
		"no DN":                   {"memberOf", "ou=groups,dc=example,dc=org", "", []string{vpn, "vpn"}, "", access.ErrBackend},
		"no DN, by DN":            {"memberOf", "ou=groups,dc=example,dc=org", "dn", []string{"vpn"}, "", access.ErrBackend},
		"no DN, all by DN":        {"memberOf", "", "dn", []string{"vpn"}, "", access.ErrBackend},
		"there":                   {"memberOf", "ou=groups,dc=example,dc=org", "", []string{foreign, vpn}, "vpn", nil},
		"there, in other letters": {"memberOf", "Ou=GROUPS, dc=Example , DC=org", "dn", []string{foreign, vpn}, vpn, nil},
		"there, nested":           {"nested", "ou=groups,dc=example,dc=org", "", []string{foreign, vpn}, "vpn", nil},
		"further below":           {"memberOf", "dc=example,dc=org", "", []string{foreign, vpn}, "vpn,vpn", nil},
		"the base itself":         {"memberOf", vpn, "", []string{foreign, strings.ToLower(vpn)}, "vpn", nil},
		"no base":                 {"memberOf", "", "", []string{foreign, vpn, "cn=other,dc=com"}, "vpn,vpn,other", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := (&fake{search: func(_, filter string) ([]*goldap.Entry, result) {
				if !strings.Contains(filter, "uid=") {
					var groups []*goldap.Entry
					for _, dn := range test.dns {
						groups = append(groups, goldap.NewEntry(dn, nil))
					}
					return groups, result{}
				}
				return []*goldap.Entry{goldap.NewEntry("cn=a,dc=org", map[string][]string{"uid": {"Alice"}, "memberOf": test.dns})}, result{}
			}}).start(t)
			l := open(t, ldap.Options{Servers: []string{f.url}, Groups: test.groups, GroupBase: test.base, GroupName: test.name, Base: "dc=org"})
			identity, err := l.Verify(t.Context(), access.Question{Name: "alice", Password: []byte("secret")})
			if !errors.Is(err, test.err) || strings.Join(identity.Groups, ",") != test.want || identity.GroupsKnown != (err == nil) {
				t.Errorf("got %q, %v", identity.Groups, err)
			}
		})
	}
	f := (&fake{search: alice}).start(t)
	identity, err := open(t, ldap.Options{Servers: []string{f.url}, Groups: "none"}).Verify(t.Context(), access.Question{Name: "alice", Password: []byte("secret")})
	if err != nil || identity.GroupsKnown {
		t.Errorf("without a source of groups: %+v, %v", identity, err)
	}
	for _, groups := range []string{"memberOf", "nested", "search"} {
		if _, err := ldap.New(ldap.Options{Servers: []string{f.url}, WithoutStartTLS: true, Base: "dc=org", Groups: groups, GroupBase: "groups"}); err == nil || !strings.Contains(err.Error(), "group_base") {
			t.Errorf("%s below what is no DN: %v", groups, err)
		}
	}
}
