package notice

import (
	"crypto/tls"
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
