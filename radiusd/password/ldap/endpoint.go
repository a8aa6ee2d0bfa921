package ldap

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// endpoint is where a server is.
type endpoint struct {
	scheme  string // "ldap", "ldaps" or "ldapi"
	network string // "tcp" or "unix"
	address string
	host    string // that the certificate is for
}

// parseURL reads an LDAP URL (RFC 4516) that has nothing but a server in it.
func parseURL(text string) (endpoint, error) {
	if path, ok := strings.CutPrefix(text, "ldapi://"); ok {
		path, err := url.PathUnescape(path)
		if err != nil || !strings.HasPrefix(path, "/") || len(path) > 100 {
			return endpoint{}, errors.New("the path of a socket is expected, such as ldapi:///run/slapd/ldapi")
		}
		return endpoint{scheme: "ldapi", network: "unix", address: path}, nil
	}
	wanted := errors.New("a server is expected, such as ldaps://ldap.example.org")
	u, err := url.Parse(text)
	if err != nil || len(text) > MaxText || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		return endpoint{}, wanted
	}
	usual := map[string]string{"ldap": "389", "ldaps": "636"}[u.Scheme]
	if usual == "" {
		return endpoint{}, wanted
	}
	port := cmp.Or(u.Port(), usual)
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return endpoint{}, wanted
	}
	return endpoint{scheme: u.Scheme, network: "tcp", address: net.JoinHostPort(u.Hostname(), port), host: u.Hostname()}, nil
}

// loopback reports whether what is sent there stays on this machine.
func (e endpoint) loopback() bool {
	address, err := netip.ParseAddr(e.host)
	return e.network == "unix" || e.host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// tlsConfig trusts the given certificates, or those of the system.
func (e endpoint) tlsConfig(ca []byte) *tls.Config {
	config := &tls.Config{ServerName: e.host, MinVersion: tls.VersionTLS12}
	if ca != nil {
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(ca)
	}
	return config
}
