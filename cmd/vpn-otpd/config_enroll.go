package main

import (
	"crypto/tls"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"vpn-otpd/enroll/signin/header"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/totp"
)

// enrollConfig is [enroll] as it is written. What is nil wasn't.
type enrollConfig struct {
	Listen         string   `toml:"listen"`
	URL            string   `toml:"url"`         // up to prompt.MaxEnrollURL octets
	Certificate    string   `toml:"certificate"` // PEM
	Key            string   `toml:"key"`         // PEM
	TrustedProxies []string `toml:"trusted_proxies"`
	Return         []string `toml:"return"` // up to 32
	Peers          []string `toml:"peers"`
	ClientCA       string   `toml:"client_ca"` // PEM
	ClientNames    []string `toml:"client_names"`

	SignIn []string      `toml:"sign_in"`
	OIDC   *oidcConfig   `toml:"oidc"`
	Header *headerConfig `toml:"header"`

	FirstUse         *string          `toml:"first_use"`
	FirstUseNetworks []string         `toml:"first_use_networks"`
	EnrollWithin     optionalDuration `toml:"enroll_within"` // 1h to 365d
	AfterReset       *time.Duration   `toml:"after_reset"`   // up to 30d

	Algorithm string `toml:"algorithm"`
	Digits    int    `toml:"digits"` // 6 to 8
	Period    int    `toml:"period"` // 15 to 300 seconds
	Issuer    string `toml:"issuer"`
}

// PageConfig is what the enrollment page is started with.
type PageConfig struct {
	Listen           string   // an address, or "unix:" and a path; "": not here
	URL              *url.URL // what users open; nil: there is no page
	Certificate, Key string   // paths; "": plain HTTP
	TrustedProxies   []netip.Prefix
	Proxies          header.Proxies // known by more than an address
	ClientCA         string         // path, of who makes their certificates; "": nobody
	Returns          []string
	SignIn           SignInConfig
}

// address is what users open, "" where there is no page.
func (p *PageConfig) address() string {
	if p.URL == nil {
		return ""
	}
	return p.URL.String()
}

// site is how users know it, "" where there is no page.
func (p *PageConfig) site() string {
	if p.URL == nil {
		return ""
	}
	return p.URL.Hostname()
}

const (
	maxReturns   = 32
	maxReturn    = 512 // octets
	maxIssuer    = 64  // octets
	longestGrace = 365 * day
	longestReset = 30 * day
)

func (l *loader) page(w enrollConfig) PageConfig {
	page := PageConfig{Listen: w.Listen, TrustedProxies: l.networks("enroll.trusted_proxies", w.TrustedProxies)}
	page.URL = l.enrollURL(w)
	page.Certificate, _ = l.resolve(w.Certificate)
	page.Key, _ = l.resolve(w.Key)
	l.checkPair(w, page)
	if path, isSocket := strings.CutPrefix(w.Listen, unixPrefix); isSocket {
		page.Listen = unixPrefix + l.path(path)
	}
	l.checkEnrollListen(w, page)
	l.checkProxies(w, page)
	if len(w.Return) > maxReturns {
		l.fault("enroll.return", "%d addresses: there may be %d", len(w.Return), maxReturns)
	}
	for _, address := range w.Return {
		if fault := returnFault(address); fault != "" {
			l.fault("enroll.return", "%q: %s", address, fault)
		}
	}
	page.Returns = w.Return
	page.Proxies = l.front(w)
	page.ClientCA, _ = l.resolve(w.ClientCA)
	page.SignIn = l.signIn(w, page)
	return page
}

// checkProxies looks after whose word on a browser's address is taken.
func (l *loader) checkProxies(w enrollConfig, page PageConfig) {
	for _, network := range page.TrustedProxies {
		if network.Bits() == 0 {
			l.fault("enroll.trusted_proxies", "%s is everybody: browsers would say themselves where they are", network)
		}
	}
	if strings.HasPrefix(w.Listen, unixPrefix) {
		if len(w.Peers) == 0 {
			l.warn("enroll.listen", "on a socket no browser has an address, for the limits on wrong passwords and tickets and for "+
				"first_use_networks too: name the user of the reverse proxy in enroll.peers, and let it set X-Forwarded-For")
		}
		return
	}
	if w.Listen != "" && w.Certificate == "" && page.URL != nil && page.URL.Scheme == "https" && len(page.TrustedProxies) == 0 {
		l.warn("enroll.listen", "behind a reverse proxy all browsers seem to have its address, for the limits on wrong passwords and tickets "+
			"and for first_use_networks too: name it in enroll.trusted_proxies, and let it set X-Forwarded-For")
	}
}

// checkPair reads certificate and key as the listener will.
func (l *loader) checkPair(w enrollConfig, page PageConfig) {
	switch {
	case w.Certificate == "" && w.Key == "":
		return
	case w.Certificate == "":
		l.fault("enroll.certificate", "it is needed where a key is set")
		return
	case w.Key == "":
		l.fault("enroll.key", "it is needed where a certificate is set")
		return
	case w.Listen == "":
		l.fault("enroll.certificate", "it has no effect without enroll.listen")
	}
	info, err := os.Stat(page.Key)
	if err != nil {
		l.fault("enroll.key", "%v", err)
		return
	}
	if info.Mode().Perm()&0o007 != 0 {
		l.warn("enroll.key", "everybody on this machine can read it; chmod o= would end that")
	}
	if _, err := tls.LoadX509KeyPair(page.Certificate, page.Key); err != nil {
		l.fault("enroll.certificate", "the pair can't be used: %v", err)
	}
}

func (l *loader) checkEnrollListen(w enrollConfig, page PageConfig) {
	if w.Listen == "" {
		return
	}
	if w.URL == "" {
		l.fault("enroll.url", `what users open is expected where listen is set, such as "https://vpn.example.org/2fa/"`)
	}
	if path, isSocket := strings.CutPrefix(page.Listen, unixPrefix); isSocket {
		if path == "" || len(path) > maxSocketPath {
			l.fault("enroll.listen", "a path of 1 to %d octets is expected after unix:", maxSocketPath)
		}
		if w.Certificate != "" || w.Key != "" {
			l.fault("enroll.certificate", "a socket is plain HTTP, for a reverse proxy on this machine")
		}
		return
	}
	if fault := addressFault(w.Listen); fault != "" {
		l.fault("enroll.listen", "%q: %s", w.Listen, fault)
		return
	}
	address, err := netip.ParseAddrPort(w.Listen)
	if w.Certificate == "" && w.Key == "" && (err != nil || !address.Addr().Unmap().IsLoopback()) {
		l.fault("enroll.listen", "%q: plain HTTP is for loopback only, such as \"127.0.0.1:8080\" behind a reverse proxy; elsewhere certificate and key are needed", w.Listen)
	}
}

// newDevices is what the devices are that users enroll.
func (l *loader) newDevices(w enrollConfig) access.DeviceKind {
	switch w.Algorithm {
	case "SHA1", "SHA256", "SHA512":
	default:
		l.fault("enroll.algorithm", `%q: "SHA1", "SHA256" or "SHA512" is expected`, w.Algorithm)
	}
	l.within("enroll.digits", w.Digits, totp.MinDigits, totp.MaxDigits)
	l.within("enroll.period", w.Period, totp.MinPeriod, totp.MaxPeriod)
	kind := access.DeviceKind{Algorithm: w.Algorithm, Digits: w.Digits, Period: w.Period}
	common := access.DefaultSettings().NewDevices
	for key, uncommon := range map[string]bool{
		"enroll.algorithm": kind.Algorithm != common.Algorithm, "enroll.digits": kind.Digits != common.Digits, "enroll.period": kind.Period != common.Period,
	} {
		if uncommon {
			l.warn(key, "many authenticator apps ignore it and show wrong codes: all of them know SHA1, 6 digits and 30 seconds")
		}
	}
	return kind
}
