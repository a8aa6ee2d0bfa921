package radiusd

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"layeh.com/radius"
)

// link is where datagrams come in and replies go out.
type link interface {
	// localAddress finds the address that was asked in the control message
	// of a datagram; the zero one: the link has only one.
	localAddress(control []byte) netip.Addr
	send(reply []byte, to route) error
}

// receiveBuffer is what the kernel is asked to hold for a socket, in octets.
const receiveBuffer = 4 << 20

// socket is a UDP socket. Bound to all addresses, it answers from the one that
// was asked (RFC 5080 section 2.7), IPv4 over IPv6 sockets included.
type socket struct {
	conn     *net.UDPConn
	wildcard bool
	six      bool
}

func newSocket(conn *net.UDPConn) (*socket, error) {
	local, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return nil, errors.New("the socket has no address")
	}
	address := local.AddrPort().Addr()
	s := &socket{conn: conn, wildcard: address.IsUnspecified(), six: address.Is6()}
	if err := s.growBuffer(); err != nil {
		return nil, fmt.Errorf("receive buffer of %s: %w", local, err)
	}
	var err error
	switch {
	case s.wildcard && s.six:
		err = ipv6.NewPacketConn(conn).SetControlMessage(ipv6.FlagDst, true)
	case s.wildcard:
		err = ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagDst, true)
	}
	if err != nil {
		return nil, fmt.Errorf("packet information of %s: %w", local, err)
	}
	return s, nil
}

// growBuffer asks for a larger receive buffer, unless the socket has one: a
// service manager can give more than we may ask for, and asking would shrink it.
func (s *socket) growBuffer() error {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return err
	}
	var size int
	var option error
	err = raw.Control(func(descriptor uintptr) {
		size, option = syscall.GetsockoptInt(int(descriptor), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
	})
	if err := errors.Join(err, option); err != nil {
		return err
	}
	if size >= receiveBuffer {
		return nil
	}
	return s.conn.SetReadBuffer(receiveBuffer)
}

// read hands datagrams to receive until the socket's reading is stopped.
// Octets beyond the largest packet are cut off: they could only be padding.
func (s *socket) read(receive func(l link, datagram, control []byte, remote netip.AddrPort)) error {
	datagram := make([]byte, radius.MaxPacketLength)
	control := make([]byte, 256)
	for {
		n, controls, _, remote, err := s.conn.ReadMsgUDPAddrPort(datagram, control)
		switch {
		case err == nil:
			receive(s, datagram[:n], control[:controls], remote)
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
			return nil
		case errors.Is(err, syscall.ECONNREFUSED): // an earlier reply met a closed port
		default:
			return fmt.Errorf("reading from %s: %w", s.conn.LocalAddr(), err)
		}
	}
}

// stopReading makes read return; replies can still be sent.
func (s *socket) stopReading() { s.conn.SetReadDeadline(time.Unix(1, 0)) }

func (s *socket) localAddress(control []byte) netip.Addr {
	var destination net.IP
	switch {
	case !s.wildcard:
		return netip.Addr{}
	case s.six:
		var message ipv6.ControlMessage
		if message.Parse(control) == nil {
			destination = message.Dst
		}
	default:
		var message ipv4.ControlMessage
		if message.Parse(control) == nil {
			destination = message.Dst
		}
	}
	address, _ := netip.AddrFromSlice(destination)
	return address.Unmap()
}

func (s *socket) send(reply []byte, to route) error {
	_, _, err := s.conn.WriteMsgUDPAddrPort(reply, source(to.local), to.remote)
	return err
}

// source is the control message that sends from an address. On an IPv6 socket
// too, an IPv4 address takes the message of IPv4.
func source(address netip.Addr) []byte {
	switch {
	case address.Is4():
		return (&ipv4.ControlMessage{Src: address.AsSlice()}).Marshal()
	case address.Is6():
		return (&ipv6.ControlMessage{Src: address.AsSlice()}).Marshal()
	}
	return nil
}
