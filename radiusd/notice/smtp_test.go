package notice

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
)

func TestMailSecurity(t *testing.T) {
	t.Parallel()
	own, certificateOfIt := certificate(t)
	other, _ := certificate(t)
	for _, security := range []string{"starttls", "tls"} {
		server := &mailServer{password: "a password"}
		address := server.start(t, &certificateOfIt, security == "tls")
		good := Mail{Server: address, Security: security, User: "vpn", Password: "a password", RootCAs: own}
		if err := mailTo(t, good, Options{}).deliver(t.Context(), phone); err != nil {
			t.Errorf("%s: %v", security, err)
		} else if mail := <-server.mails; mail.user != "vpn" {
			t.Errorf("%s: signed in as %q", security, mail.user)
		}
		for name, change := range map[string]func(*Mail){
			"another authority": func(m *Mail) { m.RootCAs = other },
			"another name":      func(m *Mail) { m.Server = strings.Replace(address, "127.0.0.1", "localhost", 1) },
			"wrong password":    func(m *Mail) { m.Password = "wrong" },
			"no password":       func(m *Mail) { m.User = "" },
			"no TLS":            func(m *Mail) { m.Security = "none" },
		} {
			bad := good
			change(&bad)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // with TLS from the start, who speaks without hears nothing
			err := mailTo(t, bad, Options{}).deliver(ctx, phone)
			cancel()
			if final := (*finalError)(nil); err == nil || errors.As(err, &final) || len(server.mails) != 0 {
				t.Errorf("%s, %s: %v", security, name, err)
			}
			if err != nil && strings.Contains(err.Error(), "a password") {
				t.Errorf("%s, %s: the error shows the password: %v", security, name, err)
			}
		}
	}
}

// A server that takes no STARTTLS gets neither the password nor the mail.
func TestMailWithoutSTARTTLS(t *testing.T) {
	t.Parallel()
	server := &mailServer{password: "a password"}
	address := server.start(t, nil, false)
	m := Mail{Server: address, Security: "starttls", User: "vpn", Password: "a password"}
	if err := mailTo(t, m, Options{}).deliver(t.Context(), phone); err == nil || !strings.Contains(err.Error(), "STARTTLS") || len(server.mails) != 0 {
		t.Errorf("it was sent in clear: %v", err)
	}
	m.Security = "none" // which its configuration allows for this machine
	if err := mailTo(t, m, Options{}).deliver(t.Context(), phone); err != nil {
		t.Error(err)
	} else if mail := <-server.mails; mail.user != "vpn" {
		t.Errorf("signed in as %q", mail.user)
	}
}

func TestMailRefused(t *testing.T) {
	t.Parallel()
	answer := func(code int) func() error {
		return func() error { return &gosmtp.SMTPError{Code: code, Message: "no"} }
	}
	for name, test := range map[string]struct {
		server mailServer
		final  bool
	}{
		"recipient, for now":  {mailServer{rcpt: answer(450)}, false},
		"recipient, full":     {mailServer{rcpt: answer(452)}, false},
		"recipient, for good": {mailServer{rcpt: answer(550)}, true},
		"text, for now":       {mailServer{data: answer(451)}, false},
		"text, for good":      {mailServer{data: answer(554)}, true},
		"sender":              {mailServer{password: "not given"}, false}, // it is our configuration's fault
	} {
		address := test.server.start(t, nil, false)
		err := mailTo(t, Mail{Server: address, Security: "none"}, Options{}).deliver(t.Context(), phone)
		final := (*finalError)(nil)
		if err == nil || errors.As(err, &final) != test.final || len(test.server.mails) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
