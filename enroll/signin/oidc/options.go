package oidc

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// EmailClaim as claim of the name counts only where the provider has verified
// the address: elsewhere users write there what they like.
const EmailClaim = "email"

// Options of a provider. Issuer, ClientID, ClientSecret, RedirectURL and
// NameClaim are needed.
type Options struct {
	Issuer       string // as the provider spells it: https, or http on loopback
	ClientID     string
	ClientSecret string
	RedirectURL  string   // where the provider sends the browser back to
	Scopes       []string // beside "openid"
	NameClaim    string   // whose value is the name of the user here
	GroupsClaim  string   // a text or a list of texts; "": no groups
	RootCAs      *x509.CertPool
	Now          func() time.Time // nil: time.Now
}

// Check returns what can't be used, if anything.
func (o Options) Check() error {
	issuer, err := url.Parse(o.Issuer)
	switch {
	case err != nil || !trustworthy(issuer) || issuer.RawQuery != "" || issuer.Fragment != "" || issuer.User != nil:
		return fmt.Errorf("the issuer %q must be an address that begins with https://, without user, query and fragment", o.Issuer)
	case o.ClientID == "" || o.ClientSecret == "":
		return errors.New("the provider knows this page by a client id and a secret")
	case o.RedirectURL == "":
		return errors.New("the provider must be told where to send browsers back to")
	case o.NameClaim == "":
		return errors.New("a claim must say what the user is called here")
	}
	return nil
}

// trustworthy: nobody on the way can read or change what is said there.
func trustworthy(u *url.URL) bool {
	switch host := u.Hostname(); {
	case host == "":
		return false
	case u.Scheme == "https":
		return true
	default:
		address := net.ParseIP(host)
		return u.Scheme == "http" && (host == "localhost" || address != nil && address.IsLoopback())
	}
}

// Provider is one OpenID Connect provider. Its methods may be used in parallel.
type Provider struct {
	options Options
	scopes  []string
	now     func() time.Time
	client  *http.Client
	counts  counts

	mutex      sync.Mutex // of the discovery; who comes second waits for the first
	discovered *discovered
	tried      time.Time // when discovery failed last
	fault      error     // of that
}

// New makes a provider and asks it nothing. Its errors are those of Options.Check.
func New(o Options) (*Provider, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	p := &Provider{options: o, now: o.Now, client: newClient(o.RootCAs), scopes: []string{"openid"}}
	if p.now == nil {
		p.now = time.Now
	}
	for _, scope := range o.Scopes {
		if !slices.Contains(p.scopes, scope) {
			p.scopes = append(p.scopes, scope)
		}
	}
	return p, nil
}
