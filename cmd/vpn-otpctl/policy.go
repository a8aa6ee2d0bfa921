package main

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

// policies are a user's own.
var policies = []string{"required", "exempt", "default"}

func (t *tool) policyCommand() *cobra.Command {
	var reason string
	var valid time.Duration
	c := &cobra.Command{
		Use:   "policy NAME required|exempt|default",
		Short: "Set a user's own policy",
		Long: `Set a user's own policy, which goes before the client's and the global one:
required asks for a code and lets nobody in who has none, exempt asks for none
(but where a client requires one always) and ends by itself, default leaves it
to the others. The reason stands in the status and in the log.
Where two-factor is disabled nobody is asked, whatever is set here.`,
		ValidArgsFunction: t.completePolicy,
		Example:           "  vpn-otpctl policy alice required\n  vpn-otpctl policy bob exempt --reason abroad --for 72h",
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
			policy := admin.Policy{Policy: arguments[1], Reason: reason}
			if c.Flags().Changed("for") {
				if policy.Policy != "exempt" {
					return usage("--for is for exempt: the others have no end")
				}
				policy.Until = time.Now().Add(valid)
			}
			if err := t.client().SetPolicy(c.Context(), arguments[0], policy); err != nil {
				return err
			}
			return t.say("the policy of %s is %s", arguments[0], arguments[1])
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why")
	c.Flags().DurationVar(&valid, "for", 30*24*time.Hour, "how long an exemption holds, up to 8784h")
	return c
}
