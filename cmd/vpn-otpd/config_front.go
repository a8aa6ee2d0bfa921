package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/user"
	"regexp"
	"strconv"
	"strings"

	"vpn-otpd/enroll/signin/header"
)

// maxSocketPath is what the address of a unix socket has room for, with a margin.
const maxSocketPath = 100 // octets

// notFromLoopback says where a header may come from, and why from nowhere else.
const notFromLoopback = "every user of this machine reaches a port, and could name any other user in the header: " +
	`let the page listen on a socket (listen = "unix:/run/vpn-otpd/enroll.sock") and say in enroll.peers who the proxy runs as, ` +
	"or listen with a certificate and know the proxy by its own (enroll.client_ca, enroll.client_names)"

// front reads by what else than an address proxies are known.
func (l *loader) front(w enrollConfig) header.Proxies {
	var proxies header.Proxies
	for i, name := range w.Peers {
		if uid, ok := l.localUser(fmt.Sprintf("enroll.peers[%d]", i), name); ok {
			proxies.UIDs = append(proxies.UIDs, uid)
		}
	}
	if len(w.Peers) > 0 && w.Listen != "" && !strings.HasPrefix(w.Listen, unixPrefix) {
		l.fault("enroll.peers", `users are known on a socket only, such as listen = "unix:/run/vpn-otpd/enroll.sock"`)
	}
	proxies.Names = w.ClientNames
	l.checkClientNames(w)
	return proxies
}

// localUser is a user of this machine by name or number.
func (l *loader) localUser(key, name string) (uint32, bool) {
	number := name
	if _, err := strconv.ParseUint(name, 10, 32); err != nil {
		account, err := user.Lookup(name)
		if err != nil {
			l.fault(key, "this machine has no user %q", name)
			return 0, false
		}
		number = account.Uid
	}
	uid, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		l.fault(key, "user %q has the number %q", name, number)
	}
	return uint32(uid), err == nil
}

var dnsName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

func (l *loader) checkClientNames(w enrollConfig) {
	if (w.ClientCA == "") != (len(w.ClientNames) == 0) {
		l.fault("enroll.client_ca", "client_ca and client_names come together: who made the certificates, and whose count")
		return
	}
	if w.ClientCA == "" {
		return
	}
	if w.Certificate == "" {
		l.fault("enroll.client_ca", "clients show certificates only over TLS: certificate and key are to be set")
	}
	for i, name := range w.ClientNames {
		if !dnsName.MatchString(name) || len(name) > 253 {
			l.fault(fmt.Sprintf("enroll.client_names[%d]", i), "%q: a DNS name in small letters is expected, as it stands in the certificate", name)
		}
	}
	path, _ := l.resolve(w.ClientCA)
	if _, err := readAuthorities(path); err != nil {
		l.fault("enroll.client_ca", "%v", err)
	}
}

// checkFront: a header is believed only where its sender is known.
func (l *loader) checkFront(w enrollConfig) {
	switch {
	case strings.HasPrefix(w.Listen, unixPrefix) && len(w.Peers) == 0:
		l.fault("enroll.peers", `it must say who the proxy runs as, such as ["www-data"]: only its header counts`)
	case strings.HasPrefix(w.Listen, unixPrefix), w.Certificate != "" && w.ClientCA != "", w.Listen == "" && len(w.Peers) > 0:
	default:
		l.fault("enroll.header", notFromLoopback)
	}
}

// readAuthorities reads certificates of authorities in PEM.
func readAuthorities(path string) (*x509.CertPool, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		var known *os.PathError
		if errors.As(err, &known) {
			err = known.Err
		}
		return nil, fmt.Errorf("it can't be read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("there is no certificate in PEM in %s", path)
	}
	return pool, nil
}
