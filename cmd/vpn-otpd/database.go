package main

import (
	"context"

	"vpn-otpd/store"
	"vpn-otpd/store/postgres"
	"vpn-otpd/store/sqlite"
)

// open opens the database, and makes it where it is empty.
func (w StoreConfig) open(ctx context.Context, keys store.Keys, options store.Options) (*store.Store, error) {
	if w.Driver == driverPostgres {
		return postgres.Open(ctx, w.URL, keys, options)
	}
	return sqlite.Open(ctx, w.Path, keys, options)
}

// exists reports whether the database holds anything.
func (w StoreConfig) exists(ctx context.Context) (bool, error) {
	if w.Driver == driverPostgres {
		return postgres.Exists(ctx, w.URL)
	}
	return sqlite.Exists(w.Path)
}

// share says that a daemon uses the database, until release is called. Any
// number of processes may change a PostgreSQL database at once.
func (w StoreConfig) share(ctx context.Context) (release func() error, err error) {
	if w.Driver == driverPostgres {
		return nothing, nil
	}
	return shareStore(ctx, w.Path)
}

// own says that no daemon may use the database until release is called, where
// that would be in the way.
func (w StoreConfig) own() (release func() error, err error) {
	if w.Driver == driverPostgres {
		return nothing, nil
	}
	return ownStore(w.Path)
}

func nothing() error { return nil }
