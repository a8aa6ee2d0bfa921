package main

import (
	"fmt"
	"regexp"
	"slices"

	"vpn-otpd/enroll"
	"vpn-otpd/enroll/signin/header"
	"vpn-otpd/enroll/signin/oidc"
)

// oidcConfig is [enroll.oidc] as it is written.
type oidcConfig struct {
	Issuer           string    `toml:"issuer"`    // up to 512 octets
	ClientID         string    `toml:"client_id"` // up to 255 octets
	ClientSecret     string    `toml:"client_secret"`
	ClientSecretFile string    `toml:"client_secret_file"`
	Scopes           *[]string `toml:"scopes"` // up to 16
	NameClaim        string    `toml:"name_claim"`
	GroupsClaim      string    `toml:"groups_claim"`
	Label            string    `toml:"label"` // up to 64 octets
}

// headerConfig is [enroll.header] as it is written.
type headerConfig struct {
	Name      string  `toml:"name"`
	Groups    string  `toml:"groups"`
	Separator *string `toml:"separator"` // 1 to 4 characters
	Label     string  `toml:"label"`     // up to 64 octets
}

// SignInConfig is how users sign in on the page.
type SignInConfig struct {
	Ways     []enroll.SignInWay
	Provider *oidc.Options   // nil: no identity provider
	Header   *header.Options // nil: no header; without the proxies
	// ProviderLabel and HeaderLabel name them for users.
	ProviderLabel, HeaderLabel string
}

const (
	maxScopes = 16
	maxLabel  = 64  // octets
	maxClaim  = 255 // octets
	// returnPath is where an identity provider leads back to, below enroll.url.
	returnPath = "signin/oidc"
)

func (l *loader) signIn(w enrollConfig, page PageConfig) SignInConfig {
	var c SignInConfig
	for i, name := range w.SignIn {
		way := enroll.SignInWay(name)
		switch {
		case !slices.Contains([]enroll.SignInWay{enroll.SignInPassword, enroll.SignInProvider, enroll.SignInHeader}, way):
			l.fault("enroll.sign_in", `%q: "password", "oidc" or "header" is expected`, name)
		case slices.Contains(w.SignIn[:i], name):
			l.fault("enroll.sign_in", "%q is there twice", name)
		}
		c.Ways = append(c.Ways, way)
	}
	if len(w.SignIn) == 0 {
		l.fault("enroll.sign_in", `a way to sign in is expected, such as ["password"]`)
	}
	l.checkTable(w, enroll.SignInProvider, w.OIDC != nil)
	l.checkTable(w, enroll.SignInHeader, w.Header != nil)
	if w.OIDC != nil {
		c.Provider, c.ProviderLabel = l.provider(*w.OIDC, page), w.OIDC.Label
	}
	if w.Header != nil {
		c.Header, c.HeaderLabel = l.header(*w.Header), w.Header.Label
		l.checkFront(w)
	}
	return c
}

// checkTable: a way to sign in and its table come together.
func (l *loader) checkTable(w enrollConfig, way enroll.SignInWay, written bool) {
	offered := slices.Contains(w.SignIn, string(way))
	switch {
	case offered && !written:
		l.fault("enroll.sign_in", "%q needs the table [enroll.%s]", way, way)
	case written && !offered:
		l.fault("enroll."+string(way), "it has no effect without %q in enroll.sign_in", way)
	}
}

func (l *loader) provider(w oidcConfig, page PageConfig) *oidc.Options {
	const key = "enroll.oidc"
	before := len(l.faults)
	if _, fault := webAddress(w.Issuer); fault != "" || len(w.Issuer) > maxReturn {
		l.fault(key+".issuer", "%q: the provider's address as it spells it is expected, such as \"https://id.example.org\": https, in its plain form", w.Issuer)
	}
	if w.ClientID == "" {
		l.fault(key+".client_id", "the name by which the provider knows this page is expected")
	}
	l.checkText(key+".client_id", w.ClientID, maxClaim)
	l.checkText(key+".groups_claim", w.GroupsClaim, maxClaim)
	l.checkText(key+".label", w.Label, maxLabel)
	if l.checkText(key+".name_claim", w.NameClaim, maxClaim); w.NameClaim == "" {
		l.fault(key+".name_claim", `it must say which claim is the name that users have at the VPN, such as "preferred_username", "email" or "sub"`)
	}
	o := &oidc.Options{Issuer: w.Issuer, ClientID: w.ClientID, NameClaim: w.NameClaim, GroupsClaim: w.GroupsClaim,
		Scopes: or(w.Scopes, []string{"profile", "email"})}
	l.checkScopes(key+".scopes", o.Scopes)
	switch {
	case w.ClientSecret != "" && w.ClientSecretFile != "":
		l.fault(key+".client_secret_file", "client_secret and client_secret_file are both set; one of them is to go")
	case w.ClientSecret != "":
		o.ClientSecret = w.ClientSecret
	case w.ClientSecretFile != "":
		o.ClientSecret = string(l.secretFile(key+".client_secret_file", w.ClientSecretFile))
	default:
		l.fault(key+".client_secret", "the secret that the provider gave is expected, or a client_secret_file")
	}
	if page.URL == nil {
		l.fault(key, "users come back to the page: enroll.url is to be set")
		return o
	}
	o.RedirectURL = page.address() + returnPath
	if len(l.faults) == before { // the last word is the provider's own
		if err := o.Check(); err != nil {
			l.fault(key, "%v", err)
		}
	}
	return o
}

var scopeToken = regexp.MustCompile(`^[!#-\[\]-~]{1,100}$`) // RFC 6749 section 3.3

func (l *loader) checkScopes(key string, scopes []string) {
	if len(scopes) > maxScopes {
		l.fault(key, "%d scopes: there may be %d", len(scopes), maxScopes)
	}
	for i, scope := range scopes {
		if !scopeToken.MatchString(scope) {
			l.fault(fmt.Sprintf("%s[%d]", key, i), "%q is not a scope", scope)
		}
	}
}

// headerName leaves out what proxies and servers make something of themselves,
// and the underscore, which some take for a dash and some drop.
var (
	headerName     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{1,63}$`)
	notForNames    = regexp.MustCompile(`(?i)^(host|cookie|authorization|connection|content-.*|transfer-encoding|origin|forwarded|x-forwarded-.*|sec-.*|proxy-.*)$`)
	separatorShape = regexp.MustCompile(`^[!-~]{1,4}$`)
)

func (l *loader) header(w headerConfig) *header.Options {
	const key = "enroll.header"
	for name, written := range map[string]string{"name": w.Name, "groups": w.Groups} {
		if written == "" && name == "groups" {
			continue
		}
		if !headerName.MatchString(written) || notForNames.MatchString(written) {
			l.fault(key+"."+name, `%q: the name of a header of its own is expected, such as "X-Remote-User"`, written)
		}
	}
	separator := or(w.Separator, ";")
	if !separatorShape.MatchString(separator) {
		l.fault(key+".separator", `%q: one to four visible characters are expected, such as ";"`, separator)
	}
	l.checkText(key+".label", w.Label, maxLabel)
	return &header.Options{Name: w.Name, Groups: w.Groups, Separator: separator}
}
