package ldap

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"vpn-otpd/radiusd/access"
)

// longestIdle is when a connection that nobody used is closed. Servers and
// firewalls drop them later than that, and some without a word.
const longestIdle = 2 * time.Minute

var errClosed = errors.New("the daemon stops")

// pool keeps the connections of one kind to a server.
type pool struct {
	open  func(ctx context.Context) (*connection, error)
	probe time.Duration // how long an idle connection may take to prove alive
	slots chan struct{} // one for each connection that somebody has

	mutex  sync.Mutex
	idle   []*connection // the last used one last
	closed bool
}

func newPool(size int, probe time.Duration, open func(ctx context.Context) (*connection, error)) *pool {
	return &pool{open: open, probe: probe, slots: make(chan struct{}, size)}
}

// take returns a connection that works, an idle one if there is any. It is to be
// released. It is ErrBusy where all are in use until ctx ends.
func (p *pool) take(ctx context.Context) (*connection, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: all %d connections are in use", access.ErrBusy, cap(p.slots))
	}
	for c := p.pop(); c != nil; c = p.pop() {
		if c.alive(ctx, p.probe) {
			return c, nil
		}
		c.close()
		if c.broken { // it died in silence: so did those that are idle for longer
			p.drop(func(*connection) bool { return true })
		}
	}
	p.mutex.Lock()
	closed := p.closed
	p.mutex.Unlock()
	if closed {
		<-p.slots
		return nil, errClosed
	}
	c, err := p.open(ctx)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
}

// release gives a connection back, for others to use unless it is broken.
func (p *pool) release(c *connection) {
	p.mutex.Lock()
	keep := !p.closed && !c.broken && !c.conn.IsClosing()
	if keep {
		p.idle = append(p.idle, c)
	}
	p.mutex.Unlock()
	<-p.slots
	if !keep {
		c.close()
	}
	p.drop(func(c *connection) bool { return c.now().Sub(c.heard) > longestIdle })
}

func (p *pool) pop() *connection {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	c := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return c
}

// drop closes the idle connections of which something holds.
func (p *pool) drop(which func(*connection) bool) {
	p.mutex.Lock()
	var dropped []*connection
	kept := p.idle[:0:0]
	for _, c := range p.idle {
		if which(c) {
			dropped = append(dropped, c)
		} else {
			kept = append(kept, c)
		}
	}
	p.idle = kept
	p.mutex.Unlock()
	for _, c := range dropped {
		c.close()
	}
}

func (p *pool) close() {
	p.mutex.Lock()
	p.closed = true
	p.mutex.Unlock()
	p.drop(func(*connection) bool { return true })
}
