package ldap

import (
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// fill puts values, escaped for a filter (RFC 4515, section 3), in the place of
// their placeholders. What comes with a value is not looked at again.
func fill(filter string, values map[string]string) string {
	var pairs []string
	for placeholder, value := range values {
		pairs = append(pairs, placeholder, goldap.EscapeFilter(value))
	}
	return strings.NewReplacer(pairs...).Replace(filter)
}

// bindsDN reports whether users are bound as a DN that is made of their name.
func (o *Options) bindsDN() bool {
	dn, err := goldap.ParseDN(strings.Replace(o.BindTemplate, "{name}", "x", 1))
	if err != nil || len(dn.RDNs) == 0 {
		return false
	}
	// The name is a value, and never the type of one.
	for _, rdn := range dn.RDNs {
		for _, attribute := range rdn.Attributes {
			if !attributeName.MatchString(attribute.Type) {
				return false
			}
		}
	}
	return true
}

// bindName is what a user is bound as. The name is one that carries took.
func (o *Options) bindName(name string) string {
	if o.bindsDN() {
		name = goldap.EscapeDN(name) // RFC 4514, section 2.4
	}
	return strings.Replace(o.BindTemplate, "{name}", name, 1)
}

// notInAccounts can't be in the names of Active Directory's accounts, where
// there is nothing to escape them with. Some would make a DN or another domain
// of what is bound.
const notInAccounts = "\"/\\[]:;|=,+*?<>"

// carries reports whether the template can hold a name and mean nothing else.
func (o *Options) carries(name string) bool {
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	if o.BindTemplate == "" || o.bindsDN() {
		return true
	}
	return !strings.ContainsAny(name, notInAccounts) && (o.BindTemplate == "{name}" || !strings.Contains(name, "@")) &&
		strings.TrimSpace(name) == name
}
