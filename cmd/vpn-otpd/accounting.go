package main

import (
	"context"
	"fmt"
	"net"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

// accounting is what hears who is connected, beside the logins.
type accounting struct {
	connections *access.Connections
	server      *radiusd.Server // nil: nobody listens
	sockets     []*net.UDPConn
}

// buildAccounting makes its server, where there is to be a port for it.
func (d *server) buildAccounting(config *Config) error {
	d.accounting.connections = access.NewConnections(d.store, d.gate)
	if len(config.Radius.AccountingListen) == 0 && len(d.passed.accounting) == 0 {
		return nil
	}
	table, err := radiusd.NewTable(config.Clients) // each server counts for itself
	if err != nil {
		return err
	}
	d.accounting.server, err = radiusd.New(radiusd.Options{
		Accountant: d.accounting.connections, Probe: d.store.Probe, Logger: d.logger.With("port", "accounting"),
	}, table)
	return err
}

// setClients replaces the clients that may tell of connections.
func (a *accounting) setClients(table *radiusd.Table) {
	if a.server != nil {
		a.server.SetClients(table)
	}
}

// shutdown answers what is recorded and reads nothing more.
func (a *accounting) shutdown(ctx context.Context) error {
	if a.server == nil {
		return nil
	}
	if err := a.server.Shutdown(ctx); err != nil {
		return fmt.Errorf("stopping accounting: %w", err)
	}
	return nil
}

// pruneConnections removes connections that have been kept long enough.
func (d *server) pruneConnections(ctx context.Context) error {
	pruned, err := d.accounting.connections.Prune(ctx)
	if pruned > 0 {
		d.logger.Info("pruned connections", "connections", pruned)
	}
	return err
}

// count adds what the accounting port did to the counters of the status.
func (a *accounting) count(all map[string]uint64) {
	if a.server == nil {
		return
	}
	for name, count := range counters(a.server.Snapshot()) {
		all["accounting_"+name] = count
	}
}

var (
	descAccountingDatagrams = description("accounting_datagrams_total", "Datagrams received on the accounting port.")
	descAccountingAnswers   = description("accounting_answers_total", "Replies sent from the accounting port, by kind.", "kind")
	descAccountingDrops     = description("accounting_drops_total", "Datagrams and requests without an answer on the accounting port, by cause.", "cause")
	descAccountingRequests  = description("accounting_client_requests_total", "Requests on the accounting port, by client.", "client")
	descAccountingWaiting   = description("accounting_waiting_requests", "Requests that wait to be recorded.")
)

// collectAccounting tells what the accounting port did, where there is one.
func (c *collector) collectAccounting(count countFunc, gauge gaugeFunc) {
	if c.server.accounting.server == nil {
		return
	}
	s := c.server.accounting.server.Snapshot()
	count(descAccountingDatagrams, s.Received)
	for kind, n := range s.Answered {
		count(descAccountingAnswers, n, kind)
	}
	for cause, n := range s.Dropped {
		count(descAccountingDrops, n, cause)
	}
	for _, client := range s.Clients {
		count(descAccountingRequests, client.Requests, client.Name)
	}
	gauge(descAccountingWaiting, float64(s.Waiting))
}
