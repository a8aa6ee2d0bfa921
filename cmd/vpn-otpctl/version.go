package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// version is set by the linker when a package is built.
var version = "devel"

func (t *tool) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this tool",
		Long:    "Print the version of this tool. The daemon's own is in vpn-otpctl status.",
		Example: "  vpn-otpctl version",
		Args:    names(),
		RunE: func(*cobra.Command, []string) error {
			return t.print(map[string]string{"version": version}, func(w io.Writer) { fmt.Fprintln(w, "vpn-otpctl", version) })
		},
	}
}
