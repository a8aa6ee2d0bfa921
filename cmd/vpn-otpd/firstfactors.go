package main

import (
	"fmt"
	"slices"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/admin"
	"vpn-otpd/radiusd/password"
	"vpn-otpd/radiusd/password/ldap"
	"vpn-otpd/radiusd/password/local"
	"vpn-otpd/radiusd/password/upstream"
)

// firstFactors makes what checks passwords, and puts it in the configured order.
func (d *server) firstFactors(config *Config) (_ *password.Chain, err error) {
	order := config.Password.Order
	d.local = local.New(d.store, local.Options{
		Computations: config.Password.Parallel, AnotherFollows: slices.Index(order, backendLocal) < len(order)-1,
	})
	if config.LDAP != nil {
		options := *config.LDAP
		options.Logger = d.logger
		if d.ldap, err = ldap.New(options); err != nil {
			return nil, err
		}
	}
	if config.Upstream != nil {
		options := *config.Upstream
		options.Node, options.Logger = config.Node, d.logger
		if d.upstream, err = upstream.New(options); err != nil {
			return nil, err
		}
	}
	made := map[string]access.FirstFactor{backendLocal: d.local, backendLDAP: d.ldap, backendRadius: d.upstream}
	var backends []password.Backend
	for _, name := range order {
		backends = append(backends, password.Backend{Name: name, FirstFactor: made[name]})
	}
	return password.NewChain(backends...), nil
}

// former checks both factors of users who move away from there; nil: nobody does.
func (d *server) former() access.FirstFactor {
	if d.upstream == nil {
		return nil
	}
	return d.upstream
}

// closeFirstFactors ends the connections to servers that check passwords.
func (d *server) closeFirstFactors() error {
	if d.ldap != nil {
		d.ldap.Close()
	}
	if d.upstream == nil {
		return nil
	}
	if err := d.upstream.Close(); err != nil {
		return fmt.Errorf("closing the sockets to upstream servers: %w", err)
	}
	return nil
}

// passwordServers are the servers that check passwords, for status and metrics.
func (d *server) passwordServers() []admin.PasswordServerStatus {
	var servers []admin.PasswordServerStatus
	if d.ldap != nil {
		for _, s := range d.ldap.States() {
			servers = append(servers, admin.PasswordServerStatus{
				Backend: backendLDAP, Address: s.URL, Up: s.DeadUntil.IsZero(), DeadUntil: s.DeadUntil,
				Outcomes: map[string]uint64{
					"answered": s.Answered, "refused": s.Refused, "timeout": s.Timeouts,
					"abandoned": s.Abandoned, "busy": s.Busy, "failed": s.Failed,
				},
			})
		}
	}
	if d.upstream != nil {
		for _, s := range d.upstream.States() {
			servers = append(servers, admin.PasswordServerStatus{
				Backend: backendRadius, Address: s.Address, Up: s.DeadUntil.IsZero(), DeadUntil: s.DeadUntil, Ignored: s.Ignored,
				Outcomes: map[string]uint64{
					"accepted": s.Accepts, "rejected": s.Rejects, "challenged": s.Challenges, "timeout": s.Timeouts,
					"abandoned": s.Abandoned, "busy": s.Busy, "failed": s.Failed,
				},
			})
		}
	}
	return servers
}
