package header

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"

	"golang.org/x/sys/unix"
)

// Proxies are those whose word counts.
type Proxies struct {
	// UIDs are users of this machine. Their connections must come through
	// [WithPeers].
	UIDs []uint32
	// Names are DNS names of client certificates, which the listener must have
	// verified.
	Names []string
}

// Trusts reports whether a request comes from one of them.
func (p Proxies) Trusts(r *http.Request) bool {
	for _, uid := range p.UIDs {
		if r.RemoteAddr == peer(uid).String() {
			return true
		}
	}
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return false
	}
	return slices.ContainsFunc(r.TLS.VerifiedChains[0][0].DNSNames, func(name string) bool { return slices.Contains(p.Names, name) })
}

// WithPeers makes a listener on a unix socket whose connections have the user at
// the other end for their address (SO_PEERCRED, unix(7)): the user that the kernel
// saw connect. It takes no others.
func WithPeers(listener net.Listener) net.Listener { return peers{listener} }

type peers struct{ net.Listener }

func (p peers) Accept() (net.Conn, error) {
	for {
		conn, err := p.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, err := uidOf(conn); err == nil {
			return peerConn{conn, peer(uid)}, nil
		}
		conn.Close()
	}
}

// peer is the address of a user of this machine.
type peer uint32

func (peer) Network() string  { return "unix" }
func (p peer) String() string { return fmt.Sprintf("uid %d", uint32(p)) }

// peerConn carries the peer where other listeners can wrap it.
type peerConn struct {
	net.Conn
	peer peer
}

func (c peerConn) RemoteAddr() net.Addr { return c.peer }

func uidOf(conn net.Conn) (uint32, error) {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, errors.New("not a connection of a unix socket")
	}
	raw, err := unixConn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var credentials *unix.Ucred
	var credentialsErr error
	if err := raw.Control(func(fd uintptr) {
		credentials, credentialsErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if credentialsErr != nil {
		return 0, credentialsErr
	}
	return credentials.Uid, nil
}
