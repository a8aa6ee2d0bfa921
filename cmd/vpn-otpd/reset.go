package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strconv"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

func resetCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "reset NAME",
		Short: "Remove a user's whole enrollment while the daemon is stopped",
		Long: `Remove a user's whole enrollment while the daemon is stopped: all devices,
recovery and temporary codes, and the lock. The audit log and the user hear of
it as if vpn-otpctl reset had done it, which is for a daemon that runs.

With PostgreSQL daemons may run meanwhile, here and elsewhere.

It needs the database and its key: run it as root. Where the key is a systemd
credential, set CREDENTIALS_DIRECTORY to a folder that has it as store.key.`,
		Example: "  vpn-otpd reset alice",
		Args: func(c *cobra.Command, arguments []string) error {
			if err := cobra.ExactArgs(1)(c, arguments); err != nil {
				return usageError{err}
			}
			return nil
		},
		RunE: func(c *cobra.Command, arguments []string) error {
			return resetStopped(c.Context(), c.OutOrStdout(), path, arguments[0])
		},
	}
	c.Flags().StringVar(&path, "config", defaultConfig, "the configuration `file`")
	return c
}

// resetStopped resets a user in the database of a daemon that doesn't run.
func resetStopped(ctx context.Context, w io.Writer, path, name string) (err error) {
	config, _, err := loadConfig(path, systemEnvironment())
	if err != nil {
		return err
	}
	if exists, err := config.Store.exists(ctx); err != nil || !exists {
		return errors.Join(fmt.Errorf("there is no database %s", config.Store.place()), err)
	}
	release, err := config.Store.own()
	if errors.Is(err, errRunning) {
		return fmt.Errorf("%w: use vpn-otpctl reset, or stop it first", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	d := &server{logger: slog.New(slog.DiscardHandler)}
	if err := d.openStore(ctx, config); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.store.Close()) }()
	gate := access.NewGate(d.store, nil, config.Settings, access.Options{})
	if err := access.NewAccounts(d.store, gate, nil).Reset(ctx, localActor(), name); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "the enrollment of %s is removed\n", name)
	return err
}

// localActor is who runs this program, as the admin socket would name the user.
func localActor() store.Actor {
	actor := store.Actor{UID: int64(os.Getuid())}
	if account, err := user.LookupId(strconv.Itoa(os.Getuid())); err == nil {
		actor.Name = account.Username
	}
	return actor
}
