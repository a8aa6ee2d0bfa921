package upstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/client"
)

const (
	// maxSockets bounds the sockets to one server: 4,096 questions at once, as
	// many as there can be workers.
	maxSockets = 16
	// maxLoad is what one socket takes: the identifiers of RADIUS.
	maxLoad = 256
	// easyLoad is what all take before another socket is opened.
	easyLoad = maxLoad / 2
)

var errClosed = errors.New("the daemon stops")

// sockets are the open ones to one server.
type sockets struct {
	dial func(ctx context.Context) (*client.Conn, error)

	mutex   sync.Mutex
	open    []*socket
	ignored uint64 // datagrams, by those that are closed
	closed  bool
}

type socket struct {
	conn    *client.Conn
	load    int  // questions under way
	retired bool // takes no more, and is closed with the last of them
}

// take returns the socket with the fewest questions under way, or a new one
// where all have many. It is to be released.
func (p *sockets) take(ctx context.Context) (*socket, error) {
	if s := p.easiest(easyLoad); s != nil {
		return s, nil
	}
	conn, err := p.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening a socket: %w", err)
	}
	if s, err := p.add(conn); s != nil || err != nil {
		return s, err
	}
	if s := p.easiest(maxLoad); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%w: %d questions are under way", access.ErrBusy, maxSockets*maxLoad)
}

// easiest takes the socket with the least load, nil if all have most already.
func (p *sockets) easiest(most int) *socket {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var easiest *socket
	for _, s := range p.open {
		if !s.retired && s.load < most && (easiest == nil || s.load < easiest.load) {
			easiest = s
		}
	}
	if easiest != nil {
		easiest.load++
	}
	return easiest
}

// add takes a new socket, unless there are too many.
func (p *sockets) add(conn *client.Conn) (*socket, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.closed || len(p.open) == maxSockets {
		err := conn.Close()
		if p.closed {
			err = errors.Join(errClosed, err)
		}
		return nil, err
	}
	s := &socket{conn: conn, load: 1}
	p.open = append(p.open, s)
	return s, nil
}

func (p *sockets) release(s *socket) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if s.load--; s.retired && s.load == 0 {
		_ = p.drop(s) // what was asked on it is answered
	}
}

// retire has later questions asked on new sockets.
func (p *sockets) retire() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, s := range slices.Clone(p.open) {
		if s.retired = true; s.load == 0 {
			_ = p.drop(s)
		}
	}
}

// close ends the questions under way.
func (p *sockets) close() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.closed = true
	var err error
	for _, s := range slices.Clone(p.open) {
		err = errors.Join(err, p.drop(s))
	}
	return err
}

func (p *sockets) drop(s *socket) error {
	i := slices.Index(p.open, s)
	if i < 0 {
		return nil
	}
	p.open = slices.Delete(p.open, i, i+1)
	p.ignored += s.conn.Ignored()
	return s.conn.Close()
}

// ignoredDatagrams counts what came and answered nothing.
func (p *sockets) ignoredDatagrams() uint64 {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	count := p.ignored
	for _, s := range p.open {
		count += s.conn.Ignored()
	}
	return count
}
