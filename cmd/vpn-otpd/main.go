// Command vpn-otpd answers the RADIUS requests of VPN servers and portals and
// checks their users' second factor. It exits with status 0 when it was asked
// to stop, 1 when something failed, and 2 when the configuration or the command
// line is wrong: then nothing was started.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker when a package is built.
var version = "devel"

// Exit statuses.
const (
	statusDone   = 0
	statusFailed = 1
	statusConfig = 2 // systemd doesn't restart on it
)

// defaultConfig is where the configuration is looked for.
const defaultConfig = "/etc/vpn-otpd/vpn-otpd.toml"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program. A done ctx asks it to stop.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	root := command()
	root.SetArgs(arguments)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var faults *Faults
	var usage usageError
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &faults):
		fmt.Fprintln(stderr, faults)
		return statusConfig
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "vpn-otpd: %v\nTry vpn-otpd --help.\n", err)
		return statusConfig
	}
	fmt.Fprintf(stderr, "vpn-otpd: %v\n", err)
	return statusFailed
}

// usageError is a wrong command line.
type usageError struct{ error }

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "vpn-otpd",
		Short:         "The second factor for VPN logins",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(serveCommand(), checkCommand(), demoCommand(), resetCommand(), copyCommand(), secretCommand(), versionCommand())
	return root
}

func noArguments(c *cobra.Command, arguments []string) error {
	if err := cobra.NoArgs(c, arguments); err != nil {
		return usageError{err}
	}
	return nil
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), "vpn-otpd", version)
			return err
		},
	}
}

func checkCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "check",
		Short: "Check a configuration and start nothing",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return checkConfig(c.OutOrStdout(), path, systemEnvironment())
		},
	}
	c.Flags().StringVar(&path, "config", defaultConfig, "the configuration `file`")
	return c
}
