package admin

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// refusalsLoggedEvery bounds how often refused peers make a log line.
const refusalsLoggedEvery = time.Minute

// guard is a listener that lets through only judged peers, and only so many at
// a time. The others get a whole HTTP answer without a byte of theirs being read.
type guard struct {
	net.Listener
	judge func(Peer) bool
	slots chan struct{} // its capacity is the bound on open connections
	log   *slog.Logger
	now   func() time.Time

	mu         sync.Mutex
	logged     time.Time
	suppressed int // refusals since then that made no log line
}

// Accept returns connections of judged peers only.
func (g *guard) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer, err := peerOf(conn)
		if err != nil || !g.judge(peer) {
			g.logRefused("admin connection refused", peer, err)
			refuse(conn, http.StatusForbidden, Problem{forbidden(peer, err), KindForbidden})
			continue
		}
		select {
		case g.slots <- struct{}{}:
			return &judgedConn{UnixConn: conn.(*net.UnixConn), peer: peer, slots: g.slots}, nil
		default:
			g.logRefused("too many admin connections", peer, nil)
			refuse(conn, http.StatusServiceUnavailable, Problem{"too many connections to the admin socket", KindBusy})
		}
	}
}

func forbidden(peer Peer, err error) string {
	if err != nil {
		return "who you are could not be found out"
	}
	return strangerText(peer)
}

func strangerText(peer Peer) string {
	return fmt.Sprintf("the user with uid %d may not use this socket", peer.UID)
}

// refuse can't hold up Accept: the answer is small, and nothing else is in the
// connection's send buffer. The deadline is for what we don't know of.
func refuse(conn net.Conn, status int, problem Problem) {
	defer conn.Close()
	body, err := json.Marshal(problem)
	if err != nil {
		return
	}
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
}

func (g *guard) logRefused(message string, peer Peer, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.now(); g.logged.IsZero() || now.Sub(g.logged) >= refusalsLoggedEvery {
		g.log.Warn(message, "uid", peer.UID, "pid", peer.PID, "err", err, "suppressed", g.suppressed)
		g.logged, g.suppressed = now, 0
		return
	}
	g.suppressed++
}

// judgedConn is a connection of a peer that may ask. It gives its slot back
// when it is closed.
type judgedConn struct {
	*net.UnixConn
	peer   Peer
	slots  chan struct{}
	closed sync.Once
}

func (c *judgedConn) Close() error {
	err := c.UnixConn.Close()
	c.closed.Do(func() { <-c.slots })
	return err
}
