package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

func (t *tool) rememberedCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remembered NAME",
		Short: "List the logins that a user may reconnect without a code",
		Long: `List the full logins of a user after which the same device may reconnect on the
password alone (remember_for), with what the client said of the device, and
until when. Those that are over or void aren't listed.

With --json: one JSON object with logins, a list of client, calling_station,
since and until.`,
		Example:           "  vpn-otpctl remembered alice",
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			logins, err := t.client().RememberedLogins(c.Context(), arguments[0])
			if err != nil {
				return err
			}
			return t.print(admin.RememberedLogins{Logins: logins}, func(w io.Writer) { listRemembered(w, logins) })
		},
	}
}

func listRemembered(w io.Writer, logins []admin.RememberedLogin) {
	if len(logins) == 0 {
		fmt.Fprintln(w, "none")
		return
	}
	fmt.Fprintln(w, "CLIENT\tDEVICE\tSINCE\tUNTIL")
	for _, r := range logins {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", orDash(r.Client), orDash(r.CallingStation), when(r.Since), when(r.Until))
	}
}

func (t *tool) forgetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget NAME",
		Short: "Have a user enter a code at the next reconnect",
		Long: `End all remembered logins of a user, so that the next reconnect asks for a code.
Connections that stand go on. It is recorded; the user isn't told.`,
		Example:           "  vpn-otpctl forget alice",
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			forgotten, err := t.client().ForgetLogins(c.Context(), arguments[0])
			if err != nil {
				return err
			}
			return t.print(admin.Forgotten{Logins: forgotten}, func(w io.Writer) {
				fmt.Fprintf(w, "forgot the remembered logins of %s: %d\n", arguments[0], forgotten)
			})
		},
	}
}
