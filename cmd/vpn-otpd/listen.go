package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
)

// listen opens the RADIUS sockets of the configuration, all or none.
func (d *server) listen(ctx context.Context, config *Config) error {
	for _, address := range config.Radius.Listen {
		conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", address)
		if err != nil {
			return errors.Join(fmt.Errorf("radius.listen: %w", err), d.closeSockets())
		}
		d.sockets = append(d.sockets, conn.(*net.UDPConn))
	}
	return nil
}

func (d *server) closeSockets() (err error) {
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
