package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/net/netutil"

	"vpn-otpd/radiusd/admin"
)

// listen opens the RADIUS sockets and the page's address, all or none.
func (d *server) listen(ctx context.Context, config *Config) error {
	if err := d.openRadius(ctx, config.Radius); err != nil {
		return errors.Join(err, d.closeSockets())
	}
	if err := d.openPage(ctx, config); err != nil {
		return errors.Join(err, d.closeSockets())
	}
	if err := d.openMetrics(ctx, config.Metrics.Listen); err != nil {
		return errors.Join(err, d.closeSockets())
	}
	return nil
}

// openRadius opens the addresses of logins, and those of accounting, which has a
// server of its own.
func (d *server) openRadius(ctx context.Context, radius RadiusConfig) (err error) {
	if d.sockets, err = openDatagrams(ctx, "radius.listen", d.passed.radius, radius.Listen); err != nil {
		return err
	}
	d.accounting.sockets, err = openDatagrams(ctx, "radius.accounting_listen", d.passed.accounting, radius.AccountingListen)
	return err
}

// openDatagrams opens the addresses of a key, unless systemd has opened others.
func openDatagrams(ctx context.Context, key string, passed []*net.UDPConn, addresses []string) (opened []*net.UDPConn, err error) {
	if len(passed) > 0 {
		return passed, nil
	}
	for _, address := range addresses {
		conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", address)
		if err != nil {
			return opened, fmt.Errorf("%s: %w", key, err)
		}
		opened = append(opened, conn.(*net.UDPConn))
	}
	return opened, nil
}

// openAdmin makes the admin socket, unless systemd has made it.
func (d *server) openAdmin(path string) (net.Listener, error) {
	if d.passed.admin != nil {
		return d.passed.admin, nil
	}
	return admin.Listen(path)
}

// openMetrics opens the address of the metrics, if it has one.
func (d *server) openMetrics(ctx context.Context, address string) (err error) {
	if address == "" && d.passed.metrics == nil {
		return nil
	}
	metrics := newPageServer(d.metricsHandler(), d.logger)
	if d.passed.metrics != nil {
		metrics.listener = d.passed.metrics
	} else if path, isSocket := strings.CutPrefix(address, unixPrefix); isSocket {
		metrics.listener, err = admin.Listen(path)
	} else {
		metrics.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", address)
	}
	if err != nil {
		return fmt.Errorf("metrics.listen: %w", err)
	}
	metrics.listener = netutil.LimitListener(metrics.listener, metricsConnections)
	d.metrics = metrics
	return nil
}

// metricsConnections is how many may ask for metrics at a time.
const metricsConnections = 16

// closeSockets closes what listen opened.
func (d *server) closeSockets() (err error) {
	err = errors.Join(d.page.close(), d.metrics.close())
	for _, socket := range slices.Concat(d.sockets, d.accounting.sockets) {
		err = errors.Join(err, socket.Close())
	}
	return err
}

// addresses are sockets as they were bound.
func addresses(sockets []*net.UDPConn) string {
	var addresses []string
	for _, socket := range sockets {
		addresses = append(addresses, socket.LocalAddr().String())
	}
	return strings.Join(addresses, " ")
}
