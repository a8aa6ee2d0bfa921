// Command vpn-otpctl is the administrator's tool: it asks the running daemon
// through its admin socket, and reads neither its configuration nor its store.
//
// It exits with status 0 when it is done, 1 when it was refused, with the
// reason on standard error, 2 when the command line is wrong, and 3 when the
// daemon can't be reached.
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

	"vpn-otpd/radiusd/admin"
)

// Exit statuses.
const (
	statusDone        = 0
	statusRefused     = 1
	statusUsage       = 2
	statusUnreachable = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// usageError is a wrong command line.
type usageError struct{ error }

func usage(format string, arguments ...any) error {
	return usageError{fmt.Errorf(format, arguments...)}
}

// tool is one run of the program.
type tool struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	socket string
	json   bool
	yes    bool
}

func (t *tool) client() *admin.Client { return admin.NewClient(t.socket) }

// run is the whole program.
func run(ctx context.Context, arguments []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{stdin: stdin, stdout: stdout, stderr: stderr}
	root := t.command()
	root.SetArgs(arguments)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return statusDone
	}
	fmt.Fprintf(stderr, "vpn-otpctl: %v\n", err)
	var wrong usageError
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintln(stderr, "Try vpn-otpctl --help.")
		return statusUsage
	case errors.Is(err, admin.ErrNotReachable), errors.Is(err, errNoAnswer):
		return statusUnreachable
	}
	return statusRefused
}

func (t *tool) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "vpn-otpctl",
		Short: "Administer the second factor for VPN logins",
		Long: `Administer the second factor for VPN logins.

With --json each answer is one JSON object, and a list one object a line. Times
are RFC 3339 in UTC, and one that never was is left out. Fields may be added; a
renamed one stands in the changelog.

Exit status: 0 done, 1 refused, 2 wrong usage, 3 daemon not reachable.`,
		Version:       version,
		Args:          cobra.ArbitraryArgs, // group says what is wrong with them
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          group,
	}
	socket := admin.DefaultSocket
	if set := os.Getenv("VPN_OTPCTL_SOCKET"); set != "" {
		socket = set
	}
	flags := root.PersistentFlags()
	flags.StringVar(&t.socket, "socket", socket, "the daemon's admin socket, also $VPN_OTPCTL_SOCKET")
	flags.BoolVar(&t.json, "json", false, "print JSON, for scripts")
	flags.BoolVarP(&t.yes, "yes", "y", false, "don't ask before something is removed")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(t.userCommand(), t.deviceCommand(), t.resetCommand(), t.unlockCommand(), t.inviteCommand(), t.codeCommand(),
		t.recoveryCommand(), t.policyCommand(), t.rolloutCommand(), t.rememberedCommand(), t.forgetCommand(), t.explainCommand(), t.logCommand(), t.sessionsCommand(), t.statusCommand(), t.reloadCommand(),
		t.importCommand(), t.exportCommand(), t.backupCommand(), t.loginCommand(), t.versionCommand())
	return root
}

// group is the action of a command that only holds others.
func group(c *cobra.Command, arguments []string) error {
	if len(arguments) > 0 {
		return usage("unknown command %q for %q", arguments[0], c.CommandPath())
	}
	return usage("%s needs a command", c.CommandPath())
}

// names makes sure of the number of arguments, by their names.
func names(wanted ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, arguments []string) error {
		if len(arguments) < len(wanted) {
			return usage("%s is missing", wanted[len(arguments)])
		}
		if len(arguments) > len(wanted) {
			return usage("%q is one argument too many", arguments[len(wanted)])
		}
		return nil
	}
}
