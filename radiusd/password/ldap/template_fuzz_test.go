package ldap

import (
	"strings"
	"testing"
	"unicode/utf8"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
)

// A name stays one value, whatever is in it: of a DN, of a filter, of an account.
func FuzzName(f *testing.F) {
	for _, name := range []string{
		"alice", "", " ", "#a", "a ", "*", "a)(uid=*", "*)(|(uid=*", "\\", "\\2a", "a,dc=evil", "a+cn=admin", "a=b", "\"", "é", "\x00", "\xff",
		"{dn}", "{name}", "a;b", "<a>", "cn=admin,dc=example", "a\\", "a\\ ", "  a  ", "a\nb", "ä ",
	} {
		f.Add(name)
	}
	byDN := Options{BindTemplate: "uid={name},ou=people,dc=example"}
	bySearch := Options{Base: "dc=example"}
	byPrincipal := Options{BindTemplate: "{name}@example.org", Base: "dc=example"}
	f.Fuzz(func(t *testing.T, name string) {
		if !utf8.ValidString(name) || name == "" { // refused before
			return
		}
		if bySearch.carries(name) {
			filter, err := goldap.CompileFilter(fill("(&(objectClass=person)(uid={name})(!(cn={name})))", map[string]string{"{name}": name}))
			if err != nil {
				t.Fatalf("%q makes no filter: %v", name, err)
			}
			if shape := shapeOf(filter, name); shape != "&(=(objectClass,person),=(uid,NAME),!(=(cn,NAME)))" {
				t.Errorf("%q makes %s", name, shape)
			}
		}
		if byDN.carries(name) {
			dn, err := goldap.ParseDN(byDN.bindName(name))
			if err != nil {
				t.Fatalf("%q makes no DN: %v", name, err)
			}
			if len(dn.RDNs) != 3 || len(dn.RDNs[0].Attributes) != 1 || dn.RDNs[0].Attributes[0].Value != name {
				t.Errorf("%q makes %q", name, byDN.bindName(name))
			}
		}
		if byPrincipal.carries(name) {
			bound := byPrincipal.bindName(name)
			if dn, err := goldap.ParseDN(bound); err == nil && len(dn.RDNs) > 0 || strings.Count(bound, "@") != 1 || strings.Contains(bound, `\`) {
				t.Errorf("%q makes %q", name, bound)
			}
		}
	})
}

// shapeOf writes a filter with NAME in the place of a name.
func shapeOf(filter *ber.Packet, name string) string {
	switch filter.Tag {
	case goldap.FilterAnd, goldap.FilterNot:
		var parts []string
		for _, child := range filter.Children {
			parts = append(parts, shapeOf(child, name))
		}
		return map[ber.Tag]string{goldap.FilterAnd: "&", goldap.FilterNot: "!"}[filter.Tag] + "(" + strings.Join(parts, ",") + ")"
	case goldap.FilterEqualityMatch:
		value := filter.Children[1].Data.String()
		if value == name {
			value = "NAME"
		}
		return "=(" + filter.Children[0].Data.String() + "," + value + ")"
	}
	return "something else"
}
