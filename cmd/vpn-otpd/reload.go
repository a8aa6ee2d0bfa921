package main

import (
	"context"
	"errors"
	"fmt"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

// current is the configuration in force.
func (d *server) current() *Config {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.config
}

// reload reads the configuration again and takes what can be taken while logins
// go on; it returns warnings, such as the keys that need a restart. A faulty
// file changes nothing and is an *access.Refusal.
func (d *server) reload(ctx context.Context) ([]string, error) {
	config, warnings, err := loadConfig(d.path, systemEnvironment())
	if err != nil {
		return nil, &access.Refusal{Kind: access.RefusedInvalid, Text: err.Error()}
	}
	var texts []string
	for _, warning := range warnings {
		texts = append(texts, warning.String())
	}
	for _, key := range RestartNeeded(d.current(), config) {
		texts = append(texts, key+" has changed and needs a restart")
	}
	config.keepStatic(d.current())
	if err := d.reloadKeys(ctx); err != nil {
		return nil, &access.Refusal{Kind: access.RefusedInvalid, Text: err.Error()}
	}
	if err := d.apply(ctx, config); err != nil {
		return nil, &access.Refusal{Kind: access.RefusedInvalid, Text: err.Error()}
	}
	if err := d.page.reloadCertificate(); err != nil {
		texts = append(texts, "the old certificate stays: "+err.Error())
	}
	for _, text := range texts {
		d.logger.Warn(text)
	}
	d.logger.Info("reloaded", "policy", config.policyName(), "clients", len(config.Clients))
	return texts, nil
}

// reloadKeys reads the key file again, so that the store key can be changed
// while logins go on.
func (d *server) reloadKeys(ctx context.Context) error {
	keys, err := readKeys(d.current())
	if err != nil {
		return fmt.Errorf("reading the store key: %w", err)
	}
	return d.store.SetKeys(ctx, keys)
}

// apply puts a configuration into force, or nothing of it.
func (d *server) apply(ctx context.Context, config *Config) error {
	table, err := radiusd.NewTable(config.Clients)
	if err != nil {
		return errors.Join(errors.New("the clients can't be used"), err)
	}
	tellers, err := radiusd.NewTable(config.Clients) // a table belongs to one server
	if err != nil {
		return errors.Join(errors.New("the clients can't be used"), err)
	}
	if err := keepSince(ctx, d.store, config); err != nil {
		return err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.level.Set(config.Log.Level)
	d.radius.SetClients(table)
	d.radius.SetReplies(config.Replies)
	d.accounting.setClients(tellers)
	d.gate.Set(config.Settings)
	d.config = config
	return nil
}
