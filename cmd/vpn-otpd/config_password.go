package main

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"vpn-otpd/radiusd/password/upstream"
)

// PasswordConfig is [password].
type PasswordConfig struct {
	Order    []string        `toml:"order"`
	Parallel int             `toml:"parallel"` // 0 to 256
	LDAP     *ldapConfig     `toml:"ldap"`
	Radius   *upstreamConfig `toml:"radius"`
}

// upstreamConfig is [password.radius] as it is written.
type upstreamConfig struct {
	Server         []upstreamServerConfig `toml:"server"`    // 1 to 8
	Timeout        *time.Duration         `toml:"timeout"`   // 100ms to 1200ms: twice that is below what an answer may take
	DeadTime       *time.Duration         `toml:"dead_time"` // 1s to 1h
	NASIdentifier  string                 `toml:"nas_identifier"`
	GroupAttribute string                 `toml:"group_attribute"`
	TypedNames     *string                `toml:"typed_names"`
	MigrateUntil   endTime                `toml:"migrate_until"`
}

type upstreamServerConfig struct {
	Address                     string `toml:"address"`
	Secret                      string `toml:"secret"`
	SecretFile                  string `toml:"secret_file"`
	RequireMessageAuthenticator *bool  `toml:"require_message_authenticator"`
}

// The first factors, by their names in password.order.
const (
	backendLocal  = "local"
	backendLDAP   = "ldap"
	backendRadius = "radius"
)

// checkPassword looks at where passwords are checked, and in which order.
func (l *loader) checkPassword(w PasswordConfig) {
	l.within("password.parallel", w.Parallel, 0, 256)
	backends := []string{backendLocal, backendLDAP, backendRadius}
	if len(w.Order) == 0 {
		l.fault("password.order", "one at least of %q is expected", backends)
	}
	for i, name := range w.Order {
		switch {
		case !slices.Contains(backends, name):
			l.fault("password.order", "%q: one of %q is expected", name, backends)
		case slices.Contains(w.Order[:i], name):
			l.fault("password.order", "%q is there twice", name)
		case name == backendLDAP && w.LDAP == nil:
			l.fault("password.order", "%q needs a [password.ldap]", name)
		case name == backendRadius && w.Radius == nil:
			l.fault("password.order", "%q needs a [[password.radius.server]]", name)
		case name == backendRadius && i < len(w.Order)-1:
			l.fault("password.order", "%q is to be the last: its servers don't say whether they know a user, so none after it would be asked", name)
		}
	}
	switch inOrder := slices.Contains(w.Order, backendRadius); {
	case w.Radius == nil:
	case inOrder && !time.Time(w.Radius.MigrateUntil).IsZero():
		l.fault("password.order", "%q can't be in it while password.radius.migrate_until is set: whoever was never enrolled would pass on one "+
			"check of these servers, which would count for both factors", backendRadius)
	case !inOrder && time.Time(w.Radius.MigrateUntil).IsZero():
		l.warn("password.radius", "it isn't used: neither does password.order name it nor is migrate_until set")
	}
}

// upstream makes the RADIUS servers that check passwords, nil if there are none.
func (l *loader) upstream(w *upstreamConfig) *upstream.Options {
	const key = "password.radius"
	if w == nil {
		return nil
	}
	made := &upstream.Options{
		Timeout: or(w.Timeout, upstream.DefaultTimeout), DeadTime: or(w.DeadTime, upstream.DefaultDeadTime),
		NASIdentifier: w.NASIdentifier, GroupAttribute: l.groupAttribute(key+".group_attribute", w.GroupAttribute),
		TypedNames: upstream.TypedNames(or(w.TypedNames, string(upstream.TypedPlain))),
	}
	if rules := []upstream.TypedNames{upstream.TypedPlain, upstream.TypedAll, upstream.TypedNone}; !slices.Contains(rules, made.TypedNames) {
		l.fault(key+".typed_names", "%q: one of %q is expected", made.TypedNames, rules)
	}
	l.between(key+".timeout", made.Timeout, 100*time.Millisecond, 1200*time.Millisecond)
	l.between(key+".dead_time", made.DeadTime, time.Second, time.Hour)
	l.checkText(key+".nas_identifier", w.NASIdentifier, 64)
	if n := len(w.Server); n < 1 || n > upstream.MaxServers {
		l.fault(key+".server", "%d servers: 1 to %d are expected", n, upstream.MaxServers)
	}
	if until := time.Time(w.MigrateUntil); !until.IsZero() && until.Before(time.Now()) {
		l.warn(key+".migrate_until", "it is over: nobody is left to these servers any more")
	}
	for i, written := range w.Server {
		made.Servers = append(made.Servers, l.upstreamServer(fmt.Sprintf("%s.server[%d]", key, i), written))
		if slices.ContainsFunc(w.Server[:i], func(s upstreamServerConfig) bool { return s.Address == written.Address }) {
			l.fault(fmt.Sprintf("%s.server[%d].address", key, i), "%q is there twice", written.Address)
		}
	}
	return made
}

func (l *loader) upstreamServer(key string, w upstreamServerConfig) upstream.Server {
	if fault := serverFault(w.Address); fault != "" {
		l.fault(key+".address", "%q: %s", w.Address, fault)
	}
	s := upstream.Server{
		Address: w.Address, Secret: l.secret(key, "server", w.Secret, w.SecretFile),
		AllowWithoutMessageAuthenticator: !or(w.RequireMessageAuthenticator, true),
	}
	if n := len(s.Secret); n > 0 && n <= shortSecret {
		l.warn(key+".secret", "the secret of server %q has %d octets and can be found by trying; vpn-otpd secret prints a better one", w.Address, n)
	}
	if s.AllowWithoutMessageAuthenticator {
		l.warn(key+".require_message_authenticator", "replies of server %q are taken without Message-Authenticator: somebody on the way can forge them and let anybody in (CVE-2024-3596)", w.Address)
	}
	return s
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?$`)

// serverFault says what is wrong with a server's address; "": nothing.
func serverFault(address string) string {
	host, port, err := net.SplitHostPort(address)
	number, portErr := strconv.ParseUint(port, 10, 16)
	_, ipErr := netip.ParseAddr(host)
	if err != nil || portErr != nil || number == 0 || port != strconv.FormatUint(number, 10) ||
		len(address) > upstream.MaxAddress || ipErr != nil && !hostName.MatchString(host) {
		return `a host and a port are expected, such as "192.0.2.2:1812" or "radius.example.org:1812"`
	}
	return ""
}

// groupAttribute is the number of an attribute, 0 if there is none.
func (l *loader) groupAttribute(key, written string) uint8 {
	switch strings.ToLower(written) {
	case "":
		return 0
	case "class":
		return 25
	case "filter-id":
		return 11
	}
	const vendorSpecific = 26
	number, err := strconv.ParseUint(written, 10, 8)
	if err != nil || number == 0 || number == vendorSpecific {
		l.fault(key, `%q: "Class", "Filter-Id" or the number of another attribute is expected, but not 26`, written)
	}
	return uint8(number)
}
