package main

import (
	"errors"
	"os"
	"slices"
	"time"

	"vpn-otpd/radiusd/password/ldap"
)

// ldapConfig is [password.ldap] as it is written. Its bounds are those of
// ldap.Options.
type ldapConfig struct {
	Servers          []string       `toml:"servers"`
	StartTLS         *bool          `toml:"start_tls"`
	CAFile           string         `toml:"ca_file"`
	BindTemplate     string         `toml:"bind_template"`
	Base             string         `toml:"base"`
	Filter           string         `toml:"filter"`
	BindDN           string         `toml:"bind_dn"`
	BindPassword     string         `toml:"bind_password"`
	BindPasswordFile string         `toml:"bind_password_file"`
	NameAttribute    string         `toml:"name_attribute"`
	Groups           string         `toml:"groups"`
	GroupBase        string         `toml:"group_base"`
	GroupFilter      string         `toml:"group_filter"`
	GroupName        string         `toml:"group_name"`
	Connections      *int           `toml:"connections"`
	Timeout          *time.Duration `toml:"timeout"`
	DeadTime         *time.Duration `toml:"dead_time"`
}

// ldap makes the directory that checks passwords, nil if there is none.
func (l *loader) ldap(w *ldapConfig, order []string) *ldap.Options {
	const key = "password.ldap"
	if w == nil {
		return nil
	}
	made := &ldap.Options{
		Servers: w.Servers, WithoutStartTLS: !or(w.StartTLS, true), CA: l.authorities(key+".ca_file", w.CAFile),
		BindTemplate: w.BindTemplate, Base: w.Base, Filter: w.Filter,
		BindDN: w.BindDN, BindPassword: w.BindPassword, NameAttribute: w.NameAttribute,
		Groups: w.Groups, GroupBase: w.GroupBase, GroupFilter: w.GroupFilter, GroupName: w.GroupName,
		Connections: or(w.Connections, ldap.DefaultConnections),
		Timeout:     or(w.Timeout, ldap.DefaultTimeout), DeadTime: or(w.DeadTime, ldap.DefaultDeadTime),
	}
	unread := false
	if w.BindPasswordFile != "" {
		if w.BindPassword != "" {
			l.fault(key+".bind_password_file", "bind_password and bind_password_file are both set; one of them is to go")
		}
		made.BindPassword = string(l.secretFile(key+".bind_password_file", w.BindPasswordFile))
		unread = made.BindPassword == ""
	}
	zero := func(key string, isZero bool) { // it would count as not set
		if isZero {
			l.fault(key, "0 is out of bounds")
		}
	}
	zero(key+".connections", made.Connections == 0)
	zero(key+".timeout", made.Timeout == 0)
	zero(key+".dead_time", made.DeadTime == 0)
	for _, fault := range made.Faults() {
		if unread && fault.Key == "bind_password" { // that is said already
			continue
		}
		l.fault(key+"."+fault.Key, "%s", fault.Text)
	}
	l.warnLDAP(key, w, order)
	return made
}

// warnLDAP says what may be meant otherwise.
func (l *loader) warnLDAP(key string, w *ldapConfig, order []string) {
	i := slices.Index(order, backendLDAP)
	switch {
	case i < 0:
		l.warn(key, "it isn't used: password.order doesn't name it")
	case w.BindTemplate != "" && i < len(order)-1:
		l.warn(key+".bind_template", "most servers don't say whether they know a user who is bound: %q is hardly ever asked", order[i+1])
	}
}

// authorities are the certificates of a file, nil where there is none.
func (l *loader) authorities(key, name string) []byte {
	const most = 1 << 20
	if name == "" {
		return nil
	}
	path, _ := l.resolve(name)
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > most) {
		l.fault(key, "%s is no file of certificates, or larger than 1 MiB", path)
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		var pathError *os.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		l.fault(key, "%s: %v", name, err)
		return nil
	}
	return content
}

// directory reports whether users can be found without their password. Where
// RADIUS servers may know them, nobody can say that a user isn't there.
func (c *Config) directory() bool {
	return slices.Contains(c.Password.Order, backendLDAP) && !slices.Contains(c.Password.Order, backendRadius) && c.LDAP != nil && c.LDAP.LooksUp()
}
