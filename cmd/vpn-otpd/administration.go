package main

import (
	"context"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/admin"
)

// newAdmin makes what answers on the admin socket.
func (d *server) newAdmin(config *Config) *admin.Server {
	s := &admin.Server{
		Accounts: d.accounts, Audit: d.store, Status: d.status, Reload: d.reload, Client: d.client,
		Roles:     func() admin.Roles { return d.current().Admin.Roles },
		EnrollURL: config.Page.address(), Log: d.logger,
	}
	s.Connections = d.accounting.connections
	d.transfers(s, config.Store.Path)
	return s
}

// client is a RADIUS client as the gate knows it.
func (d *server) client(name string) (client access.Client, known bool) {
	for _, client := range d.current().Clients {
		if client.Name == name {
			return client.Client, true
		}
	}
	return access.Client{}, false
}

// pruneAudit removes the audit records that have been kept long enough.
func (d *server) pruneAudit(ctx context.Context) error {
	keep := d.current().AuditKeep
	if keep == 0 {
		return nil
	}
	pruned, err := d.store.PruneAudit(ctx, time.Now().Add(-keep))
	if pruned > 0 {
		d.logger.Info("pruned the audit log", "records", pruned)
	}
	return err
}
