package ldap

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// Fault says what is wrong with which option, by its key in the configuration.
type Fault struct{ Key, Text string }

func (f Fault) Error() string { return f.Key + ": " + f.Text }

// Faults are all that is wrong with the options.
func (o Options) Faults() []Fault {
	checked := faults{options: o.complete()}
	checked.servers()
	checked.bounds()
	checked.users()
	checked.groups()
	return checked.found
}

// faults collects them.
type faults struct {
	options Options
	found   []Fault
}

func (f *faults) add(key, format string, arguments ...any) {
	f.found = append(f.found, Fault{key, fmt.Sprintf(format, arguments...)})
}

func (f *faults) servers() {
	o := &f.options
	if n := len(o.Servers); n < 1 || n > MaxServers {
		f.add("servers", "%d servers: 1 to %d are possible", n, MaxServers)
		return
	}
	for i, url := range o.Servers {
		e, err := parseURL(url)
		switch {
		case err != nil:
			f.add("servers", "%q: %v", url, err)
		case e.scheme == "ldap" && o.WithoutStartTLS && !e.loopback():
			f.add("start_tls", "without it %q would get passwords in clear: only loopback may", url)
		}
		if slices.Contains(o.Servers[:i], url) {
			f.add("servers", "%q is there twice", url)
		}
	}
	if o.CA != nil && !x509.NewCertPool().AppendCertsFromPEM(o.CA) {
		f.add("ca_file", "it holds no certificate in PEM")
	}
}

func (f *faults) bounds() {
	o := &f.options
	if o.Connections < 1 || o.Connections > MaxConnections {
		f.add("connections", "1 to %d are possible", MaxConnections)
	}
	if o.Timeout < ShortestTimeout || o.Timeout > LongestTimeout {
		f.add("timeout", "%s to %s are possible: clients wait for 3s", ShortestTimeout, LongestTimeout)
	}
	if o.DeadTime < ShortestDeadTime || o.DeadTime > LongestDeadTime {
		f.add("dead_time", "%s to %s are possible", ShortestDeadTime, LongestDeadTime)
	}
}

// users checks how users are found and bound.
func (f *faults) users() {
	o := &f.options
	dn := o.bindsDN()
	switch {
	case o.BindTemplate == "" && o.Base == "":
		f.add("base", "a bind_template, or a base to search under, is needed")
	case o.BindTemplate != "" && o.templateFault() != "":
		f.add("bind_template", "%s", o.templateFault())
	case !dn && o.Base == "":
		f.add("base", "a template that is no DN needs a base to find the user's entry under")
	}
	if fault := filterFault(o.Filter, "{name}"); fault != "" {
		f.add("filter", "%s", fault)
	}
	if fault := dnFault(o.Base); fault != "" {
		f.add("base", "%s", fault)
	}
	if len(o.BindDN) > MaxText {
		f.add("bind_dn", "it has at most %d octets", MaxText)
	}
	switch {
	case o.BindDN != "" && o.BindPassword == "": // RFC 4513, section 5.1.2
		f.add("bind_password", "the service account needs one: without, servers take it for nobody")
	case o.BindDN == "" && o.BindPassword != "":
		f.add("bind_dn", "the password is for nobody")
	case len(o.BindPassword) > MaxPassword:
		f.add("bind_password", "it has at most %d octets", MaxPassword)
	}
	if !attributeName.MatchString(o.NameAttribute) {
		f.add("name_attribute", "%q is no attribute", o.NameAttribute)
	}
}

func (f *faults) groups() {
	o := &f.options
	switch o.Groups {
	case GroupsNone, GroupsMemberOf:
	case GroupsNested, GroupsSearch:
		if o.GroupBase == "" {
			f.add("group_base", "a base to search for groups under is needed")
		}
		placeholder := "{dn}"
		if strings.Contains(o.GroupFilter, "{name}") {
			placeholder = "{name}"
		}
		if fault := filterFault(o.GroupFilter, placeholder); fault != "" {
			f.add("group_filter", "%s", fault)
		}
	default:
		f.add("groups", "%q: %q, %q, %q or %q is expected", o.Groups, GroupsMemberOf, GroupsNested, GroupsSearch, GroupsNone)
	}
	if fault := dnFault(o.GroupBase); fault != "" {
		f.add("group_base", "%s", fault)
	}
	switch {
	case o.GroupName == "" || o.GroupName == WholeDN:
	case !attributeName.MatchString(o.GroupName):
		f.add("group_name", "%q is no attribute", o.GroupName)
	case o.Groups == GroupsMemberOf:
		f.add("group_name", "memberOf holds the DNs of groups alone: only %q is possible, or nothing", WholeDN)
	}
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
