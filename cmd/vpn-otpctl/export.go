package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

func (t *tool) exportCommand() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:   "export",
		Short: "Print devices with their secrets, for another system",
		Long: `Print devices as otpauth URIs, one a line, as import otpauth and most other
systems read them. The secrets are in clear. Only root may do it; it is recorded
for each user, and the users are told.

With --json: one JSON object a line.`,
		Example: `  vpn-otpctl export >devices.txt
  vpn-otpctl export --user alice`,
		Args: names(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := t.confirm(c.Context(), "This prints the secrets of all devices of %s, and tells whom they belong to.", cmp.Or(user, "all users")); err != nil {
				return err
			}
			out := bufio.NewWriter(t.stdout)
			encoder := json.NewEncoder(out)
			err := t.client().Export(c.Context(), user, func(line admin.ExportLine) error {
				if t.json {
					return encoder.Encode(line)
				}
				if line.Note != "" {
					fmt.Fprintf(t.stderr, "vpn-otpctl: user %s: %s\n", printable(line.User), printable(line.Note))
				}
				_, err := fmt.Fprintln(out, line.URI)
				return err
			})
			return errors.Join(err, out.Flush())
		},
	}
	c.Flags().StringVar(&user, "user", "", "only of this `user`")
	t.completeFlag(c, "user", t.userNames)
	return c
}
