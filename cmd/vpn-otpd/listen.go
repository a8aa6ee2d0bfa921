package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
)

// listen opens the RADIUS sockets and the page's address, all or none.
func (d *server) listen(ctx context.Context, config *Config) error {
	for _, address := range config.Radius.Listen {
		conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", address)
		if err != nil {
			return errors.Join(fmt.Errorf("radius.listen: %w", err), d.closeSockets())
		}
		d.sockets = append(d.sockets, conn.(*net.UDPConn))
	}
	if err := d.openPage(ctx, config); err != nil {
		return errors.Join(err, d.closeSockets())
	}
	return nil
}

// closeSockets closes what listen opened.
func (d *server) closeSockets() (err error) {
	err = d.page.close()
	for _, socket := range d.sockets {
		err = errors.Join(err, socket.Close())
	}
	return err
}

// addresses are the RADIUS sockets as they were bound.
func (d *server) addresses() string {
	var addresses []string
	for _, socket := range d.sockets {
		addresses = append(addresses, socket.LocalAddr().String())
	}
	return strings.Join(addresses, " ")
}
