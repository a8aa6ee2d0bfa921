package notice

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// mailServer is a real SMTP server that tests tell what to answer.
type mailServer struct {
	rcpt, data func() error // nil: it takes all
	password   string       // "": it asks for none
	mails      chan received
}

type received struct{ from, to, text, user, hello string }

// session is one connection; without Auth, for servers that ask for nothing.
type session struct {
	server *mailServer
	mail   received
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	s.mail.from = from
	if s.server.password != "" && s.mail.user == "" {
		return gosmtp.ErrAuthRequired
	}
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.mail.to = to
	if s.server.rcpt != nil {
		return s.server.rcpt()
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.data != nil {
		if err := s.server.data(); err != nil {
			return err
		}
	}
	s.mail.text = strings.ReplaceAll(string(text), "\r\n", "\n")
	s.server.mails <- s.mail
	return nil
}

// authSession asks for a password.
type authSession struct{ *session }

func (s authSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s authSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != s.server.password {
			return gosmtp.ErrAuthFailed
		}
		s.mail.user = user
		return nil
	}), nil
}

// start runs the server: with a certificate it offers STARTTLS, or wants TLS from
// the start. It returns its address.
func (m *mailServer) start(t *testing.T, certificate *tls.Certificate, fromStart bool) string {
	t.Helper()
	m.mails = make(chan received, 10)
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		s := &session{server: m, mail: received{hello: c.Hostname()}}
		if m.password != "" {
			return authSession{s}, nil
		}
		return s, nil
	}))
	server.Domain, server.ErrorLog, server.EnableSMTPUTF8 = "mail.example.org", log.New(io.Discard, "", 0), true
	server.AllowInsecureAuth = certificate == nil
	listener := listen(t)
	if certificate != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
		if fromStart {
			listener = tls.NewListener(listener, server.TLSConfig)
		}
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	return listener.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func mailTo(t *testing.T, m Mail, options Options) *mailCarrier {
	t.Helper()
	if m.From == "" {
		m.From = "VPN <vpn@example.org>"
	}
	if m.To == "" {
		m.To = "{user}@example.org"
	}
	options.Mail = &m
	c, err := newMailCarrier(options, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	c.texts.zone = time.UTC
	return c
}

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

// hanging is a server that says something and then nothing more; ended is
// closed when its one client has gone.
func hanging(t *testing.T, says string, endless bool) (address string, ended chan struct{}) {
	t.Helper()
	listener, ended := listen(t), make(chan struct{})
	go func() {
		defer close(ended)
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		_, _ = io.WriteString(connection, says)
		for endless {
			if _, err := io.WriteString(connection, says); err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, connection)
	}()
	return listener.Addr().String(), ended
}

func TestMailServerHangs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ security, says string }{
		"silent":                {"none", ""},
		"silent, STARTTLS":      {"starttls", ""},
		"silent, TLS":           {"tls", ""},
		"after the greeting":    {"none", "220 mail.example.org\r\n"},
		"in its extensions":     {"starttls", "220 mail.example.org\r\n250-mail.example.org\r\n"},
		"in the TLS handshake":  {"starttls", "220 mail.example.org\r\n250-mail.example.org\r\n250 STARTTLS\r\n220 go on\r\n"},
		"before the recipient":  {"none", "220 mail.example.org\r\n250 mail.example.org\r\n250 ok\r\n"},
		"before the text is in": {"none", "220 mail.example.org\r\n250 mail.example.org\r\n250 ok\r\n250 ok\r\n354 go on\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, ended := hanging(t, test.says, false)
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			begun := time.Now()
			err := mailTo(t, Mail{Server: address, Security: test.security}, Options{}).deliver(ctx, phone)
			final := (*finalError)(nil)
			if err == nil || errors.As(err, &final) || time.Since(begun) > connectWithin/2 {
				t.Errorf("after %s: %v", time.Since(begun), err)
			}
			awaitEnd(t, ended)
		})
	}
}

// A server that greets without end is left, long before the delivery's time.
func TestMailServerWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, says := range []string{"220-" + strings.Repeat("x", 1000) + "\r\n", strings.Repeat("x", 1000)} {
		address, ended := hanging(t, says, true)
		err := mailTo(t, Mail{Server: address, Security: "none"}, Options{}).deliver(t.Context(), phone)
		if err == nil || !strings.Contains(err.Error(), "more than 262144 octets") {
			t.Errorf("the error is %v", err)
		}
		awaitEnd(t, ended)
	}
}

// awaitEnd waits until the server has seen its client go.
func awaitEnd(t *testing.T, ended chan struct{}) {
	t.Helper()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the connection was left open")
	}
}
