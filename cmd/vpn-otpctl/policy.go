package main

import (
	"slices"

	"github.com/spf13/cobra"
)

// policies are a user's own.
var policies = []string{"required", "exempt", "default"}

func (t *tool) policyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "policy NAME required|exempt|default",
		Short: "Set a user's own policy",
		Long: `Set a user's own policy, which goes before the client's and the global one:
required asks for a code and lets nobody in who has none, exempt asks for none
(but where a client requires one always), default leaves it to the others.
Where two-factor is disabled nobody is asked, whatever is set here.`,
		ValidArgsFunction: t.completePolicy,
		Example:           "  vpn-otpctl policy alice required",
		Args: func(c *cobra.Command, arguments []string) error {
			if err := names("NAME", "required, exempt or default")(c, arguments); err != nil {
				return err
			}
			if !slices.Contains(policies, arguments[1]) {
				return usage("policy %q: it is required, exempt or default", arguments[1])
			}
			return nil
		},
		RunE: func(c *cobra.Command, arguments []string) error {
			if err := t.client().SetPolicy(c.Context(), arguments[0], arguments[1]); err != nil {
				return err
			}
			return t.say("the policy of %s is %s", arguments[0], arguments[1])
		},
	}
}
