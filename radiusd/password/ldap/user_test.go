package ldap_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/password/ldap"
)

// What a search finds, and who that is.
func TestFound(t *testing.T) {
	t.Parallel()
	entry := func(dn string, attributes ...string) *goldap.Entry {
		values := make(map[string][]string)
		for _, attribute := range attributes {
			name, value, _ := strings.Cut(attribute, ":")
			values[name] = append(values[name], value)
		}
		return goldap.NewEntry(dn, values)
	}
	var thousand []string
	for n := range access.MaxGroups {
		thousand = append(thousand, fmt.Sprintf("memberOf:cn=g%d,dc=org", n))
	}
	for name, test := range map[string]struct {
		entries []*goldap.Entry
		code    uint16
		err     error
		groups  int
	}{
		"one":                 {[]*goldap.Entry{entry("cn=a", "uid:Alice")}, 0, nil, 0},
		"another case":        {[]*goldap.Entry{entry("cn=a", "UID:Alice", "MEMBEROF:cn=g,dc=org")}, 0, nil, 1},
		"none":                {nil, 0, access.ErrUserUnknown, 0},
		"two":                 {[]*goldap.Entry{entry("cn=a", "uid:Alice"), entry("cn=b", "uid:Alice")}, 0, access.ErrPasswordWrong, 0},
		"more than it shows":  {[]*goldap.Entry{entry("cn=a", "uid:Alice")}, 4, access.ErrPasswordWrong, 0},
		"no name":             {[]*goldap.Entry{entry("cn=a", "cn:Alice")}, 0, access.ErrPasswordWrong, 0},
		"an empty name":       {[]*goldap.Entry{entry("cn=a", "uid:")}, 0, access.ErrPasswordWrong, 0},
		"two names":           {[]*goldap.Entry{entry("cn=a", "uid:Alice", "uid:bob")}, 0, access.ErrPasswordWrong, 0},
		"no text":             {[]*goldap.Entry{entry("cn=a", "uid:\xff")}, 0, access.ErrPasswordWrong, 0},
		"no DN":               {[]*goldap.Entry{entry("", "uid:Alice")}, 0, access.ErrBackend, 0},
		"no base":             {nil, 32, access.ErrBackend, 0},
		"a referral":          {nil, 10, access.ErrBackend, 0},
		"not allowed":         {nil, 50, access.ErrBackend, 0},
		"busy":                {nil, 51, access.ErrBackend, 0},
		"a thousand groups":   {[]*goldap.Entry{entry("cn=a", append(thousand, "uid:Alice")...)}, 0, nil, access.MaxGroups},
		"too many groups":     {[]*goldap.Entry{entry("cn=a", append(thousand, "uid:Alice", "memberOf:cn=more")...)}, 0, access.ErrBackend, 0},
		"groups in parts":     {[]*goldap.Entry{entry("cn=a", "uid:Alice", "memberOf;range=0-1:cn=g", "memberOf;range=0-1:cn=h")}, 0, access.ErrBackend, 0},
		"a group without DN":  {[]*goldap.Entry{entry("cn=a", "uid:Alice", "memberOf:")}, 0, access.ErrBackend, 0},
		"a group of no known": {[]*goldap.Entry{entry("cn=a", "uid:Alice", "memberOf:staff")}, 0, access.ErrBackend, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := (&fake{search: func(string, string) ([]*goldap.Entry, result) { return test.entries, result{code: test.code} }}).start(t)
			l := open(t, ldap.Options{Servers: []string{f.url}})
			for _, lookup := range []bool{false, true} {
				want := test.err
				if lookup && want == access.ErrPasswordWrong { // nobody can say who it is
					want = access.ErrBackend
				}
				identity, err := l.Verify(t.Context(), access.Question{Name: "alice", Password: []byte("secret")})
				if lookup {
					identity, err = l.Lookup(t.Context(), "alice")
				}
				if !errors.Is(err, want) || (identity.Name == "Alice") != (err == nil) || len(identity.Groups) != test.groups || identity.GroupsKnown != (err == nil) {
					t.Errorf("got %q with %d groups, %v", identity.Name, len(identity.Groups), err)
				}
				if want != access.ErrUserUnknown && errors.Is(err, access.ErrUserUnknown) {
					t.Errorf("another backend would be asked: %v", err)
				}
			}
			if test.err == access.ErrPasswordWrong && len(f.binds()) > 0 {
				t.Errorf("somebody was bound: %q", f.binds())
			}
		})
	}
}

// Whose entry leaves open who it is gets a refusal, also after the bind, and is
// bound once.
func TestUnclearAfterBind(t *testing.T) {
	t.Parallel()
	one := goldap.NewEntry("cn=alice,dc=example", map[string][]string{"uid": {"Alice"}})
	two := goldap.NewEntry("cn=al,dc=example", map[string][]string{"uid": {"al", "Alice"}})
	for name, entries := range map[string][]*goldap.Entry{"two entries": {one, two}, "two names": {two}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := (&fake{search: func(string, string) ([]*goldap.Entry, result) { return entries, result{} }}).start(t)
			other := (&fake{search: alice}).start(t)
			l := open(t, ldap.Options{Servers: []string{asked.url, other.url}, BindTemplate: "{name}@example.org", Base: "dc=example"})
			identity, err := l.Verify(t.Context(), access.Question{Name: "alice", Password: []byte("secret")})
			if !errors.Is(err, access.ErrPasswordWrong) || errors.Is(err, access.ErrBackend) || errors.Is(err, access.ErrUserUnknown) || identity.Name != "" {
				t.Errorf("got %+v, %v", identity, err)
			}
			if len(asked.binds()) != 1 || len(other.binds()) != 0 {
				t.Errorf("bound %q and %q", asked.binds(), other.binds())
			}
		})
	}
}

// Who was bound by a principal name must be who the filter finds.
func TestPrincipal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		template, bound, filter, who string
		err                          error
	}{
		"principal":         {"{name}@example.org", "alice@example.org", "(userPrincipalName=alice@example.org)", `u:EXAMPLE\alice.a`, nil},
		"whole principal":   {"{name}", "alice", "(userPrincipalName=alice)", `u:EXAMPLE\Alice.A`, nil},
		"account":           {`EXAMPLE\{name}`, `EXAMPLE\alice`, "(sAMAccountName=alice)", `u:EXAMPLE\alice.a`, nil},
		"by DN":             {"{name}@example.org", "alice@example.org", "(userPrincipalName=alice@example.org)", "dn:CN=alice, DC=example", nil},
		"somebody else":     {"{name}@example.org", "alice@example.org", "(userPrincipalName=alice@example.org)", `u:EXAMPLE\bob`, access.ErrBackend},
		"somebody else, DN": {"{name}@example.org", "alice@example.org", "(userPrincipalName=alice@example.org)", "dn:cn=bob,dc=example", access.ErrBackend},
		"nobody":            {"{name}@example.org", "alice@example.org", "(userPrincipalName=alice@example.org)", "", access.ErrBackend},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := (&fake{whoAmI: test.who, search: func(string, string) ([]*goldap.Entry, result) {
				return []*goldap.Entry{goldap.NewEntry("cn=alice,dc=example", map[string][]string{"uid": {"Alice"}, "sAMAccountName": {"alice.a"}})}, result{}
			}}).start(t)
			l := open(t, ldap.Options{Servers: []string{f.url}, BindTemplate: test.template, Base: "dc=example"})
			identity, err := l.Verify(t.Context(), access.Question{Name: "alice", Password: []byte("secret")})
			if !errors.Is(err, test.err) || (identity.Name == "Alice") != (err == nil) {
				t.Fatalf("got %+v, %v", identity, err)
			}
			asked := slices.DeleteFunc(f.log(), func(line string) bool { return strings.HasPrefix(line, "search  ") })
			want := []string{"bind " + test.bound + " secret", "search dc=example " + test.filter, "who"}
			if !slices.Equal(asked, want) {
				t.Errorf("it was asked %q, want %q", asked, want)
			}
			if _, err := l.Lookup(t.Context(), "alice"); !errors.Is(err, access.ErrBackend) {
				t.Errorf("looked up without a service account: %v", err)
			}
		})
	}
}
