package notice

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const connectWithin = 10 * time.Second

// client makes a client for one mail, whose connection ends with ctx: go-mail
// leaves some open when they fail.
func (c *mailCarrier) client(ctx context.Context) (*gomail.Client, error) {
	security := &tls.Config{ServerName: c.host, RootCAs: c.mail.RootCAs, MinVersion: tls.VersionTLS12}
	policy, plain := gomail.NoTLS, gomail.SMTPAuthPlain
	switch c.mail.Security {
	case "starttls":
		policy = gomail.TLSMandatory
	case "none":
		plain = gomail.SMTPAuthPlainNoEnc
	}
	options := []gomail.Option{
		gomail.WithHELO(c.domain),
		gomail.WithTimeout(deliverWithin),
		gomail.WithTLSConfig(security),
		gomail.WithTLSPolicy(policy),
		gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(dialing context.Context, network, _ string) (net.Conn, error) {
			return c.dial(dialing, ctx, network, security)
		}),
	}
	if c.mail.User != "" {
		options = append(options, gomail.WithUsername(c.mail.User), gomail.WithPassword(c.mail.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, plain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(c.host, options...)
}

func (c *mailCarrier) dial(dialing, delivery context.Context, network string, security *tls.Config) (net.Conn, error) {
	plain, err := (&net.Dialer{Timeout: connectWithin}).DialContext(dialing, network, c.mail.Server)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(delivery, func() { plain.Close() })
	bounded := &boundedConn{Conn: plain, left: maxAnswers}
	if c.mail.Security != "tls" {
		return bounded, nil
	}
	secure := tls.Client(bounded, security)
	return secure, secure.HandshakeContext(dialing)
}

// maxAnswers is how much a server may say during one delivery, in octets.
const maxAnswers = 256 << 10

// boundedConn ends a server that talks without end.
type boundedConn struct {
	net.Conn
	left int
}

func (c *boundedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, fmt.Errorf("the server said more than %d octets: %w", maxAnswers, io.ErrUnexpectedEOF)
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
