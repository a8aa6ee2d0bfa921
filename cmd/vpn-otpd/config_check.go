package main

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/prompt"
)

// check looks at everything that was written and puts it into the types of
// those who use it. What it returns is of use only if it found no faults.
func (l *loader) check(w *file) *Config {
	config := &Config{Node: l.node(w.Node), Store: w.Store, Radius: w.Radius, Password: w.Password, Admin: l.admin(w), AuditKeep: w.Audit.Keep, Log: w.Log}
	config.Store.Path, config.Store.KeyFile = l.path(w.Store.Path), l.path(w.Store.KeyFile)
	config.Store.URL = l.checkStore(w.Store)
	l.checkRadius(w.Radius)
	l.checkRest(w)
	config.Settings = l.settings(w)
	config.Clients, config.Replies = l.clients(w), l.replies(w)
	config.Page, config.Notice, config.Metrics = l.page(w.Enroll), l.notice(w), l.metrics(w.Metrics)
	config.LDAP, config.Upstream = l.ldap(w.Password.LDAP, w.Password.Order), l.upstream(w.Password.Radius)
	if w.Password.Radius != nil {
		config.Settings.MigrateUntil = time.Time(w.Password.Radius.MigrateUntil)
	}
	config.firstUse, config.issuer = config.Settings.FirstUse.How, w.Enroll.Issuer
	config.derive()
	l.checkRealm(w)
	l.checkGroups(w, config.directory())
	l.warnMigration(w, config.Settings)
	return config
}

func (l *loader) node(name string) string {
	if name == "" {
		host, err := l.env.hostname()
		if err != nil {
			l.fault("node", "the host name can't be found (%v); set a name", err)
			return ""
		}
		return host
	}
	if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		l.fault("node", "a name of 1 to 64 printable characters is expected")
	}
	return name
}

func (l *loader) checkRadius(radius RadiusConfig) {
	if len(radius.Listen) == 0 {
		l.fault("radius.listen", `an address is expected, such as "[::]:1812"`)
	}
	l.checkAddresses("radius.listen", radius.Listen, nil)
	l.checkAddresses("radius.accounting_listen", radius.AccountingListen, radius.Listen)
	l.between("radius.accounting_keep", radius.AccountingKeep, day, 3660*day)
	l.between("radius.reject_delay", radius.RejectDelay, time.Second, 10*time.Second)
	l.between("radius.remember_for", radius.RememberFor, 0, access.LongestRemembered)
	l.between("radius.challenge_lifetime", radius.ChallengeLifetime, 30*time.Second, 10*time.Minute)
	l.within("radius.challenge_tries", radius.ChallengeTries, 1, 10)
	l.within("radius.workers", radius.Workers, 1, 4096)
	l.checkText("radius.prompt_word", radius.PromptWord, 32)
	l.checkText("radius.support_text", radius.SupportText, 120)
	l.checkLanguage("radius.language", radius.Language)
}

// checkAddresses looks at addresses to listen on; those taken are others'.
func (l *loader) checkAddresses(key string, addresses, taken []string) {
	for i, address := range addresses {
		if fault := addressFault(address); fault != "" {
			l.fault(key, "%q: %s", address, fault)
		} else if slices.Contains(addresses[:i], address) {
			l.fault(key, "%q is there twice", address)
		} else if slices.Contains(taken, address) && !strings.HasSuffix(address, ":0") {
			l.fault(key, "%q is an address of radius.listen", address)
		}
	}
}

// addressFault says what is wrong with an address to listen on; "": nothing.
func addressFault(address string) string {
	const wanted = `an address and a port are expected, such as "192.0.2.1:1812" or "[::]:1812"`
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return wanted
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || port != strconv.FormatUint(number, 10) {
		return "the port is a number from 0 to 65535"
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return wanted
	}
	return ""
}

func (l *loader) checkRest(w *file) {
	if realm := access.RealmRule(w.Names.Realm); realm != access.RealmKeep && realm != access.RealmStrip {
		l.fault("names.realm", `"keep" or "strip" is expected`)
	}
	l.within("lockout.failures", w.Lockout.Failures, 1, 100)
	l.between("lockout.longest", w.Lockout.Longest, time.Minute, 168*time.Hour)
	l.between("lockout.lock", w.Lockout.Lock, time.Minute, max(time.Minute, w.Lockout.Longest))
	l.between("lockout.forget", w.Lockout.Forget, time.Minute, 168*time.Hour)
	l.within("throttle.failures", w.Throttle.Failures, 1, 1000)
	l.between("throttle.longest", w.Throttle.Longest, time.Second, 24*time.Hour)
	l.between("throttle.wait", w.Throttle.Wait, time.Second, max(time.Second, w.Throttle.Longest))
	l.within("throttle.network_failures", w.Throttle.NetworkFailures, 1, 1_000_000)
	l.checkPassword(w.Password)
	if w.Admin.Socket == "" {
		l.fault("admin.socket", "a path is expected")
	}
	if len(l.path(w.Admin.Socket)) > 100 {
		l.fault("admin.socket", "the path of a socket has at most 100 octets")
	}
	if w.Log.Format != "text" && w.Log.Format != "json" {
		l.fault("log.format", `"text" or "json" is expected`)
	}
}

func (l *loader) settings(w *file) access.Settings {
	l.checkMethods("two_factor_methods", w.TwoFactorMethods)
	l.checkText("enroll.issuer", w.Enroll.Issuer, maxIssuer)
	if w.RequireTwoFactor && len(w.TwoFactorMethods) == 0 {
		l.warn("require_two_factor", `it has no effect while two_factor_methods is empty: set it to ["totp"]`)
	}
	first := l.firstUse(w)
	return access.Settings{
		Rules:             l.policies(w, first),
		Policy:            access.Policy{Methods: w.TwoFactorMethods, Require: w.RequireTwoFactor},
		Names:             access.Names{Realm: access.RealmRule(w.Names.Realm)},
		ChallengeLifetime: w.Radius.ChallengeLifetime,
		ChallengeTries:    w.Radius.ChallengeTries,
		Lockout:           access.Lockout(w.Lockout),
		Throttle:          access.Throttle(w.Throttle),
		AccountingKeep:    w.Radius.AccountingKeep,
		FirstUse:          first,
		NewDevices:        l.newDevices(w.Enroll),
	}
}

func (l *loader) checkMethods(key string, methods []string) {
	for _, method := range methods {
		if method != access.MethodTOTP {
			l.fault(key, `method %q: "totp" is the only one; an empty list means that two-factor is off`, method)
		}
	}
}

func (l *loader) checkText(key, text string, most int) {
	if len(text) > most || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		l.fault(key, "a text of at most %d octets without control characters is expected", most)
	}
}

func (l *loader) checkLanguage(key, language string) {
	if languages := prompt.Languages(); !slices.Contains(languages, language) {
		l.fault(key, "language %q: it is one of %s", language, strings.Join(languages, ", "))
	}
}

func (l *loader) between(key string, duration, least, most time.Duration) {
	if duration < least || duration > most {
		l.fault(key, "%s is out of bounds: from %s to %s", duration, least, most)
	}
}

func (l *loader) within(key string, number, least, most int) {
	if number < least || number > most {
		l.fault(key, "%d is out of bounds: from %d to %d", number, least, most)
	}
}
