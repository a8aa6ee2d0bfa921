package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// connection is one to a server. One exchange at a time goes over it.
type connection struct {
	conn  *goldap.Conn
	raw   *boundedConn
	now   func() time.Time
	heard time.Time // when the server last answered; zero: never
	// broken: an exchange went wrong, so that a late answer to it might be taken
	// for the next one's. It isn't used again.
	broken bool
}

// dial opens a connection, and has TLS on it unless the options go without.
func (s *server) dial(ctx context.Context) (*connection, error) {
	var dialer net.Dialer
	opened, err := dialer.DialContext(ctx, s.endpoint.network, s.endpoint.address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	c := &connection{raw: &boundedConn{Conn: opened}, now: s.options.Now}
	config := s.endpoint.tlsConfig(s.options.CA)
	if s.endpoint.scheme == "ldaps" {
		err = c.within(ctx, func() error {
			secured := tls.Client(c.raw, config)
			c.conn = goldap.NewConn(secured, true)
			return secured.HandshakeContext(ctx)
		})
		if err != nil {
			_ = opened.Close()
			return nil, fmt.Errorf("securing the connection: %w", err)
		}
		c.conn.Start()
		return c, nil
	}
	c.conn = goldap.NewConn(c.raw, false)
	c.conn.Start()
	if s.endpoint.scheme == "ldap" && !s.options.WithoutStartTLS {
		if err := c.within(ctx, func() error { return c.conn.StartTLS(config) }); err != nil {
			c.close()
			return nil, fmt.Errorf("securing the connection: %w", err)
		}
	}
	return c, nil
}

// within makes one exchange, which ends with ctx at the latest. ctx has a
// deadline.
func (c *connection) within(ctx context.Context, exchange func() error) error {
	deadline, _ := ctx.Deadline()
	if err := c.raw.begin(deadline); err != nil {
		c.broken = true
		return err
	}
	stop := context.AfterFunc(ctx, c.raw.interrupt)
	err := exchange()
	if !stop() || err != nil && !answered(err) {
		c.broken = true
	} else {
		c.heard = c.now()
		if err := c.raw.SetDeadline(time.Time{}); err != nil {
			c.broken = true
		}
	}
	if c.broken && ctx.Err() != nil && err != nil {
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// answered reports whether an error is what the server said, and the connection
// as good as before.
func answered(err error) bool {
	var result *goldap.Error
	return errors.As(err, &result) && result.ResultCode < goldap.ErrorNetwork
}

// alive reports whether the server is there still. What was heard of lately is
// believed to be: a connection that the other side has closed is known at once.
func (c *connection) alive(ctx context.Context, wait time.Duration) bool {
	const believed = 10 * time.Second
	if c.conn.IsClosing() {
		return false
	}
	if c.now().Sub(c.heard) < believed {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	_, err := c.search(ctx, query{scope: goldap.ScopeBaseObject, filter: "(objectClass=*)", limit: 1, attributes: []string{"1.1"}})
	return !c.broken && (err == nil || answered(err)) // the root DSE may be hidden from us
}

func (c *connection) close() {
	_ = c.raw.Close() // first, so that nothing is waited for
	_ = c.conn.Close()
}
