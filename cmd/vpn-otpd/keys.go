package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"vpn-otpd/store"
)

// keyCredential is the systemd credential that goes before the key file.
const keyCredential = "store.key"

// readKeys reads the store keys from the systemd credential, or else the file.
func readKeys(config *Config) (store.Keys, error) {
	if folder := os.Getenv("CREDENTIALS_DIRECTORY"); folder != "" {
		keys, err := store.ReadKeyFile(filepath.Join(folder, keyCredential))
		if !store.KeyFileMissing(err) {
			return keys, err
		}
	}
	return store.ReadKeyFile(config.Store.KeyFile)
}

// openStore opens the database, and at the first start makes it and its key. A
// database without its key is never given a new one: its secrets would be lost.
func (d *server) openStore(ctx context.Context, config *Config) error {
	keys, err := readKeys(config)
	if store.KeyFileMissing(err) {
		exists, lookErr := config.Store.exists(ctx)
		if lookErr != nil {
			return fmt.Errorf("looking for the database: %w", lookErr)
		}
		if exists {
			return fmt.Errorf("the database %s is there but its key file %s is not: restore the key or take that of another node, without it no device can be read",
				config.Store.place(), config.Store.KeyFile)
		}
		if keys, err = store.CreateKeyFile(config.Store.KeyFile); err == nil {
			d.logger.Info("made a store key: back it up, apart from the database", "file", config.Store.KeyFile)
		}
	}
	if err != nil {
		return fmt.Errorf("reading the store key: %w", err)
	}
	d.store, err = config.Store.open(ctx, keys, store.Options{Node: config.Node, Logger: d.logger})
	if err != nil {
		return err
	}
	if err := adoptNameRule(ctx, d.store, config.Settings.Names); err != nil {
		return errors.Join(err, d.store.Close())
	}
	return nil
}
