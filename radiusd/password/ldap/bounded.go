package ldap

import (
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// maxAnswer bounds what a server may send in answer to one question: a thousand
// groups with long names fit.
const maxAnswer = 1 << 20 // octets, as they are on the wire

var errTooMuch = errors.New("the answer is longer than 1 MiB")

// boundedConn is a connection that ends when too much comes over it.
type boundedConn struct {
	net.Conn
	left atomic.Int64 // octets that may still come
}

// begin lets a question take until a deadline, and its answer have its length.
func (c *boundedConn) begin(deadline time.Time) error {
	c.left.Store(maxAnswer)
	return c.SetDeadline(deadline)
}

// interrupt ends all waits.
func (c *boundedConn) interrupt() {
	_ = c.SetDeadline(time.Unix(1, 0)) // fails where it is closed, which ends them too
}

func (c *boundedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.left.Add(-int64(n)) < 0 {
		return 0, errTooMuch
	}
	return n, err
}
