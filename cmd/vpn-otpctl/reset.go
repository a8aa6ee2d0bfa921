package main

import "github.com/spf13/cobra"

func (t *tool) resetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reset NAME",
		Short: "Remove a user's whole enrollment",
		Long: `Remove a user's whole enrollment: all devices, recovery and temporary codes, and
the lock. Challenges and sessions that are open end. The account stays.`,
		Example:           "  vpn-otpctl reset alice",
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			if err := t.confirm(c.Context(), "This removes all devices and codes of %s.", arguments[0]); err != nil {
				return err
			}
			if err := t.client().Reset(c.Context(), arguments[0]); err != nil {
				return err
			}
			return t.say("the enrollment of %s is removed", arguments[0])
		},
	}
}

func (t *tool) unlockCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "unlock NAME",
		Short:             "Lift the lock that wrong codes made",
		Example:           "  vpn-otpctl unlock alice",
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			if err := t.client().Unlock(c.Context(), arguments[0]); err != nil {
				return err
			}
			return t.say("%s is unlocked", arguments[0])
		},
	}
}
