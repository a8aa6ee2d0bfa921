// Command radius-load measures a RADIUS server, ours or any other: it logs
// simulated users in over UDP and says how many logins a second there were, and
// how long each took.
//
// Every request carries a Message-Authenticator, and a reply counts only where it
// proves that it is one. It sends to one server, for a bounded time, and then stops.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	debug.SetGCPercent(800) // what it needs itself is taken from the server it measures
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program; it returns the exit status.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "radius-load",
		Short:         "Measure a RADIUS server",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetArgs(arguments)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(loadCommand(), usersCommand(), stubCommand())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(stderr, "radius-load:", err)
		return 1
	}
	return 0
}
