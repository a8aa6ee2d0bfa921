package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/client"
)

// statusServer is the code of a Status-Server (RFC 5997).
const statusServer = 12

// feedWatchdog tells systemd's watchdog that the daemon lives, twice in the
// time it waits, until ctx is done: only while the gate can be passed and each
// RADIUS socket answers. Whether the store is there doesn't count: a restart
// would not bring it back.
func (d *server) feedWatchdog(ctx context.Context) {
	waits, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		d.logger.Warn("the watchdog is not fed", "error", err)
	}
	if waits <= 0 {
		return
	}
	w := d.newWatchdog(waits / 4)
	for {
		next := waits / 2
		if err := w.probe(ctx); err == nil {
			d.notifier.alive()
		} else if ctx.Err() == nil {
			d.logger.Error("the daemon doesn't answer itself", "error", err)
			next = waits / 20
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}

// watchdog asks the daemon as its clients do.
type watchdog struct {
	server  *server
	gate    interface{ Probe(context.Context) error }
	sockets []*net.UDPConn
	within  time.Duration // for all answers
	// answered: the socket has answered before. One that never did is behind a
	// firewall, or bound to an address of another node, which no restart mends.
	answered []bool
}

func (d *server) newWatchdog(within time.Duration) *watchdog {
	return &watchdog{server: d, gate: d.gate, sockets: d.sockets, within: within, answered: make([]bool, len(d.sockets))}
}

func (w *watchdog) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.within)
	defer cancel()
	if err := w.pass(ctx); err != nil {
		return err
	}
	for i := range w.sockets {
		if err := w.ask(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// pass goes through the locks of the server and the gate, and to the store.
func (w *watchdog) pass(ctx context.Context) error {
	passed := make(chan error, 1)
	go func() {
		w.server.radius.Snapshot()
		inner, cancel := context.WithTimeout(ctx, w.within/2)
		defer cancel()
		passed <- w.gate.Probe(inner)
	}()
	select {
	case err := <-passed:
		if err != nil && !errors.Is(err, access.ErrStore) {
			return fmt.Errorf("passing the gate: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("passing the gate: %w", context.Cause(ctx))
	}
}

// ask sends a Status-Server to a socket. Under a flood the kernel may drop it; then it
// counts that datagrams are read.
func (w *watchdog) ask(ctx context.Context, i int) error {
	d := w.server
	before := d.radius.Snapshot().Received
	asked, err := d.askItself(ctx, w.sockets[i], w.within)
	switch {
	case err == nil:
		w.answered[i] = w.answered[i] || asked
		return nil
	case ctx.Err() == nil && !errors.Is(err, client.ErrTimeout):
		d.logger.Debug("a RADIUS socket can't be asked", "error", err)
		return nil
	case d.radius.Snapshot().Received > before || !w.answered[i]:
		return nil
	}
	return fmt.Errorf("asking %s: %w", w.sockets[i].LocalAddr(), err)
}

// askItself is false where a socket can't be reached from here.
func (d *server) askItself(ctx context.Context, socket *net.UDPConn, within time.Duration) (asked bool, err error) {
	bound := socket.LocalAddr().(*net.UDPAddr).AddrPort()
	conn, err := dialSelf(ctx, bound)
	if err != nil {
		return false, err
	}
	from := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	if here := bound.Addr(); !here.IsUnspecified() && !here.IsLoopback() && plain(from.Addr()) != plain(here) {
		return false, conn.Close() // the address has moved to another node
	}
	secret, forget := d.radius.AdmitSelf(from)
	defer forget()
	self := client.NewConn(conn, client.Server{Address: bound.String(), Secret: secret, Retransmission: client.Retransmission{
		First: within / 20, Longest: within / 10, Count: 20, Total: within,
	}})
	defer self.Close()
	_, err = self.Exchange(ctx, client.Request{Code: statusServer})
	return err == nil, err
}

// dialSelf connects to a socket of this process. Bound to all addresses, it is
// asked on a loopback one that the machine has.
func dialSelf(ctx context.Context, bound netip.AddrPort) (net.Conn, error) {
	hosts := []netip.Addr{bound.Addr()}
	if bound.Addr().IsUnspecified() {
		hosts = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
		if bound.Addr().Is6() {
			hosts = []netip.Addr{netip.IPv6Loopback(), hosts[0]}
		}
	}
	var errs []error
	for _, host := range hosts {
		conn, err := new(net.Dialer).DialContext(ctx, "udp", netip.AddrPortFrom(host, bound.Port()).String())
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
