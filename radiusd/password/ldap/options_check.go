package ldap

import (
	"fmt"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// checkUsers checks how users are found and bound.
func (o *Options) checkUsers() error {
	switch {
	case o.BindTemplate != "":
		if fault := o.templateFault(); fault != "" {
			return &Fault{"bind_template", fault}
		}
	case o.Base == "":
		return &Fault{"base", "a bind_template, or a base to search under, is needed"}
	}
	if !o.bindsDN() || o.BindTemplate == "" {
		if o.Base == "" {
			return &Fault{"base", "a template that is no DN needs a base to find the user's entry under"}
		}
		if fault := filterFault(o.Filter, "{name}"); fault != "" {
			return &Fault{"filter", fault}
		}
	}
	if fault := dnFault(o.Base); fault != "" {
		return &Fault{"base", fault}
	}
	switch {
	case len(o.BindDN) > MaxText || len(o.BindPassword) > MaxText:
		return &Fault{"bind_dn", fmt.Sprintf("it and its password have at most %d octets", MaxText)}
	case o.BindDN != "" && o.BindPassword == "": // RFC 4513, section 5.1.2
		return &Fault{"bind_password", "the service account needs one: without, servers take it for nobody"}
	case o.BindDN == "" && o.BindPassword != "":
		return &Fault{"bind_dn", "the password is for nobody"}
	case !attributeName.MatchString(o.NameAttribute):
		return &Fault{"name_attribute", fmt.Sprintf("%q is no attribute", o.NameAttribute)}
	}
	return nil
}

func (o *Options) checkGroups() error {
	switch o.Groups {
	case GroupsNone, GroupsMemberOf:
	case GroupsNested, GroupsSearch:
		if o.GroupBase == "" {
			return &Fault{"group_base", "a base to search for groups under is needed"}
		}
		if fault := dnFault(o.GroupBase); fault != "" {
			return &Fault{"group_base", fault}
		}
		placeholder := "{dn}"
		if strings.Contains(o.GroupFilter, "{name}") {
			placeholder = "{name}"
		}
		if fault := filterFault(o.GroupFilter, placeholder); fault != "" {
			return &Fault{"group_filter", fault}
		}
	default:
		return &Fault{"groups", fmt.Sprintf("%q: %q, %q, %q or %q is expected", o.Groups, GroupsMemberOf, GroupsNested, GroupsSearch, GroupsNone)}
	}
	switch {
	case o.GroupName == "" || o.GroupName == WholeDN:
	case !attributeName.MatchString(o.GroupName):
		return &Fault{"group_name", fmt.Sprintf("%q is no attribute", o.GroupName)}
	case o.Groups == GroupsMemberOf:
		return &Fault{"group_name", fmt.Sprintf("memberOf holds the groups' DNs alone: only %q is possible, or nothing", WholeDN)}
	}
	return nil
}

// templateFault says what is wrong with a bind template; "": nothing.
func (o *Options) templateFault() string {
	switch t := o.BindTemplate; {
	case len(t) > MaxText:
		return fmt.Sprintf("it has at most %d octets", MaxText)
	case strings.Count(t, "{name}") != 1:
		return "{name} stands in it once"
	case o.bindsDN() || t == "{name}" || strings.Count(t, "@")+strings.Count(t, `\`) == 1:
		return ""
	}
	return `a DN such as "uid={name},ou=people,dc=example,dc=org" is expected, or "{name}@example.org" or "DOMAIN\{name}"`
}

// filterFault says what is wrong with a filter that a placeholder stands in.
func filterFault(filter, placeholder string) string {
	switch {
	case len(filter) > MaxText:
		return fmt.Sprintf("it has at most %d octets", MaxText)
	case !strings.Contains(filter, placeholder):
		return placeholder + " is missing in it"
	}
	if _, err := goldap.CompileFilter(fill(filter, map[string]string{"{name}": "x", "{dn}": "x"})); err != nil {
		return fmt.Sprintf("%q is no filter: %v", filter, err)
	}
	return ""
}

func dnFault(dn string) string {
	if _, err := goldap.ParseDN(dn); err != nil || len(dn) > MaxText {
		return fmt.Sprintf("%q is no DN", dn)
	}
	return ""
}
