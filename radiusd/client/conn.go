package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"
)

// Server is whom to ask.
type Server struct {
	Address string // host and port
	Secret  []byte
	// AllowWithoutMessageAuthenticator takes replies that carry none, from
	// servers that can't: anybody on the way can forge those (CVE-2024-3596).
	AllowWithoutMessageAuthenticator bool
	Retransmission                   Retransmission
}

// Errors of Exchange.
var (
	// ErrTimeout: no reply that could be trusted came in time.
	ErrTimeout = errors.New("no answer")
	// ErrIdentifiers: 256 requests are under way on this socket.
	ErrIdentifiers = errors.New("no free identifier on this socket")
)

// Conn is one socket to a server, on which up to 256 requests are under way at
// a time. Its methods may be used in parallel. Close it to end its goroutine.
type Conn struct {
	server Server
	conn   net.Conn

	mutex   sync.Mutex
	pending [256]chan []byte // by identifier; nil: free
	next    byte
	err     error // why the socket is no longer read
	ignored uint64
}

// Dial opens a socket to a server. It sends nothing.
func Dial(ctx context.Context, server Server) (*Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", server.Address)
	if err != nil {
		return nil, err
	}
	return NewConn(conn, server), nil
}

// NewConn takes a connected socket for one to the server, and owns it. That it
// is connected is what keeps datagrams of other sources out.
func NewConn(conn net.Conn, server Server) *Conn {
	server.Retransmission = server.Retransmission.withDefaults()
	c := &Conn{server: server, conn: conn, next: byte(rand.Uint32())}
	go c.read()
	return c
}

// Close ends the requests under way.
func (c *Conn) Close() error { return c.conn.Close() }

// Ignored counts the datagrams that were no answer to anything asked.
func (c *Conn) Ignored() uint64 {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.ignored
}

// read gives each datagram to the request of its identifier.
func (c *Conn) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := c.conn.Read(buffer)
		if errors.As(err, new(syscall.Errno)) { // nobody listens there now; that may change
			continue
		}
		if err != nil {
			c.fail(err)
			return
		}
		c.mutex.Lock()
		if n < headerSize || c.pending[buffer[1]] == nil {
			c.ignored++
		} else {
			select {
			case c.pending[buffer[1]] <- append([]byte{}, buffer[:n]...):
			default: // a flood of forged replies: the sender sends again
				c.ignored++
			}
		}
		c.mutex.Unlock()
	}
}

func (c *Conn) fail(err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.err = err
	for identifier, replies := range c.pending {
		if replies != nil {
			close(replies)
			c.pending[identifier] = nil
		}
	}
}

// reserve takes a free identifier, or the wanted one.
func (c *Conn) reserve(wanted *byte) (byte, chan []byte, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.err != nil {
		return 0, nil, c.err
	}
	for range c.pending {
		identifier := c.next
		if wanted != nil {
			identifier = *wanted
		}
		c.next++
		if c.pending[identifier] == nil {
			c.pending[identifier] = make(chan []byte, 16)
			return identifier, c.pending[identifier], nil
		}
	}
	return 0, nil, ErrIdentifiers
}

func (c *Conn) release(identifier byte) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.pending[identifier] = nil
}

// Exchange sends a request, again where no reply comes, and returns the reply.
// Where replies came that couldn't be trusted, ErrTimeout says what was wrong
// with the last one.
func (c *Conn) Exchange(ctx context.Context, request Request) (reply *Reply, err error) {
	if err := ctx.Err(); err != nil { // a request that nobody waits for may still burn a code
		return nil, fmt.Errorf("sending a request: %w", err)
	}
	identifier, replies, err := c.reserve(request.Identifier)
	if err != nil {
		return nil, err
	}
	defer c.release(identifier)
	octets, err := request.encode(identifier, c.server.Secret)
	if err != nil {
		return nil, err
	}
	rule := c.server.Retransmission
	ctx, cancel := context.WithTimeoutCause(ctx, rule.Total, ErrTimeout)
	defer cancel()
	var wait time.Duration
	var ignored error // why the last reply that came didn't count
	defer func() {
		if err == ErrTimeout && ignored != nil {
			err = fmt.Errorf("%w; what came was ignored: %w", err, ignored)
		}
	}()
	for sent := 1; ; sent++ {
		// A send that fails (nobody listens yet) is one that got no answer.
		if _, err := c.conn.Write(octets); errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		wait = rule.next(wait)
		reply, err = c.await(ctx, replies, octets, wait, &ignored)
		if reply != nil || err != nil {
			return reply, err
		}
		if sent == rule.Count {
			return nil, ErrTimeout
		}
	}
}

// await returns nothing where no reply counted in time, and notes why.
func (c *Conn) await(ctx context.Context, replies <-chan []byte, request []byte, wait time.Duration, ignored *error) (*Reply, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case octets, open := <-replies:
			if !open {
				return nil, net.ErrClosed
			}
			reply, err := verify(octets, request, c.server.Secret, !c.server.AllowWithoutMessageAuthenticator)
			if err == nil {
				return reply, nil
			}
			*ignored = err
			c.mutex.Lock()
			c.ignored++
			c.mutex.Unlock()
		case <-timer.C:
			return nil, nil
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), ErrTimeout) {
				return nil, ErrTimeout
			}
			return nil, fmt.Errorf("waiting for an answer: %w", ctx.Err())
		}
	}
}
