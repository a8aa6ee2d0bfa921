package notice

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"unicode"
)

// Mail is how mail is sent.
type Mail struct {
	Server   string // host:port
	Security string // "starttls" (which must succeed), "tls", or "none" (to a loopback address only)
	User     string // "": no authentication
	Password string
	From     string // an address, with or without a name
	// To is the address of a user, "{user}" standing for the name:
	// "{user}@example.org", or "{user}" where names are addresses.
	To string
	// RootCAs are who may certify the server; nil: those of the system.
	RootCAs *x509.CertPool
}

// Check returns all that is wrong with the settings.
func (m Mail) Check() error {
	var faults []error
	fault := func(format string, arguments ...any) {
		faults = append(faults, fmt.Errorf("mail: "+format, arguments...))
	}
	host, port, err := net.SplitHostPort(m.Server)
	if err != nil || host == "" || port == "" {
		fault("server %q isn't host:port", m.Server)
	}
	switch m.Security {
	case "starttls", "tls":
	case "none":
		if !isLoopback(host) {
			fault(`security "none" is for loopback addresses only, not for %q`, host)
		}
	default:
		fault(`security %q: it is "starttls", "tls" or "none"`, m.Security)
	}
	if _, err := sender(m.From); err != nil {
		fault("from %q: %v", m.From, err)
	}
	if err := checkTemplate(m.To); err != nil {
		fault("to %q: %v", m.To, err)
	}
	return errors.Join(faults...)
}

// sender parses the address that mails come from.
func sender(from string) (*netmail.Address, error) {
	address, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(address.Address, func(r rune) bool { return r > unicode.MaxASCII }) {
		return nil, errors.New("it must be of ASCII; write a domain in its xn-- form")
	}
	return address, nil
}

func checkTemplate(to string) error {
	if strings.Count(to, userMark) != 1 {
		return errors.New("it must hold {user} once")
	}
	sample := "user"
	if to == userMark {
		sample = "user@example.org"
	}
	if _, err := recipient(to, sample); err != nil {
		return errors.New("it makes no mail addresses")
	}
	return nil
}
