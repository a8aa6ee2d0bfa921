package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

func (t *tool) codeCommand() *cobra.Command {
	var valid time.Duration
	var uses int
	c := &cobra.Command{
		Use:   "code NAME",
		Short: "Print a temporary code",
		Long: `Print a temporary code that the user can type wherever a code is asked: for
somebody whose phone is at home.`,
		Example: `  vpn-otpctl code alice
  vpn-otpctl code alice --for 8h --uses 3`,
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			code, err := t.client().GiveCode(c.Context(), arguments[0], valid, uses)
			if err != nil {
				return err
			}
			return t.print(code, func(w io.Writer) {
				fmt.Fprintf(w, "%s\n", code.Code)
				fmt.Fprintf(w, "for %s until %s, %s\n", arguments[0], when(code.ExpiresAt), times(uses))
			})
		},
	}
	c.Flags().DurationVar(&valid, "for", 24*time.Hour, "how long it is valid")
	c.Flags().IntVar(&uses, "uses", 1, "how often it can be used")
	return c
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (t *tool) recoveryCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "recovery NAME",
		Short:             "Print new recovery codes",
		Long:              "Print ten new recovery codes, each good for one login. The old ones are void.",
		Example:           "  vpn-otpctl recovery alice",
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			user, err := t.client().User(c.Context(), arguments[0])
			if err != nil {
				return err
			}
			if user.RecoveryCodes > 0 {
				if err := t.confirm(c.Context(), "This voids the %d recovery codes that %s has.", user.RecoveryCodes, user.Name); err != nil {
					return err
				}
			}
			codes, err := t.client().NewRecoveryCodes(c.Context(), arguments[0])
			if err != nil {
				return err
			}
			return t.print(admin.RecoveryCodes{Codes: codes}, func(w io.Writer) {
				for _, code := range codes {
					fmt.Fprintln(w, code)
				}
			})
		},
	}
}
