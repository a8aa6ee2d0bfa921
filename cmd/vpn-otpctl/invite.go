package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

func (t *tool) inviteCommand() *cobra.Command {
	var valid time.Duration
	c := &cobra.Command{
		Use:   "invite NAME",
		Short: "Print an address where the user can enroll",
		Long: `Print an address where the user can enroll a device without a password. It is
good for the first browser that opens it, and voids an older one. Whoever has it
can enroll: give it to the user in person, or in a way that nobody else reads.`,
		Example: `  vpn-otpctl invite alice
  vpn-otpctl invite alice --for 72h`,
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			invitation, err := t.client().Invite(c.Context(), arguments[0], valid)
			if err != nil {
				return err
			}
			return t.print(invitation, func(w io.Writer) {
				fmt.Fprintf(w, "%s\n", invitation.Address)
				fmt.Fprintf(w, "for %s until %s\n", arguments[0], when(invitation.ExpiresAt))
			})
		},
	}
	c.Flags().DurationVar(&valid, "for", 24*time.Hour, "how long it is valid, 10m to 720h")
	return c
}
