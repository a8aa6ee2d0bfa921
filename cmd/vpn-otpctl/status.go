package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

func (t *tool) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Show how the daemon is doing",
		Long:    "Show how the daemon is doing: policy, store, clock, listeners, clients (and which of them send no Message-Authenticator), exemptions, counts since the start.",
		Example: "  vpn-otpctl status",
		Args:    names(),
		RunE: func(c *cobra.Command, _ []string) error {
			status, err := t.client().Status(c.Context())
			if err != nil {
				return err
			}
			return t.print(status, func(w io.Writer) { describeStatus(w, status) })
		},
	}
}

func describeStatus(w io.Writer, s admin.Status) {
	fmt.Fprintf(w, "version\t%s, running since %s\n", s.Version, when(s.StartedAt))
	fmt.Fprintf(w, "two-factor\t%s\n", s.Policy)
	health := "healthy"
	if !s.Store.Healthy {
		health = "NOT HEALTHY: " + s.Store.Error
	} else if s.Store.LatencySeconds > 0 {
		health += fmt.Sprintf(", a commit takes %.1f ms", s.Store.LatencySeconds*1000)
	}
	fmt.Fprintf(w, "store\t%s %s, schema %d, %s\n", s.Store.Driver, s.Store.Path, s.Store.SchemaVersion, health)
	for _, doubt := range s.Store.Doubts {
		fmt.Fprintf(w, "WARNING\t%s\n", doubt)
	}
	fmt.Fprintf(w, "users\t%d, %d enrolled\n", s.Store.Users, s.Store.EnrolledUsers)
	fmt.Fprintf(w, "clock\t%s\n", describeClock(s.Clock))
	for _, e := range s.Exemptions {
		fmt.Fprintf(w, "exempt\t%s\n", describeExemption(e))
	}
	for _, listener := range s.Listeners {
		fmt.Fprintf(w, "listens\t%s\n", listener)
	}
	fmt.Fprintln(w, "\nCLIENT\tMODE\tREQUESTS\tLAST SEEN\tMESSAGE-AUTHENTICATOR\tNETWORKS")
	for _, c := range s.Clients {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", c.Name, c.Mode, c.Requests, when(c.LastSeen), authenticator(c), strings.Join(c.Networks, " "))
	}
	if len(s.PasswordServers) > 0 {
		fmt.Fprintln(w, "\nPASSWORDS FROM\tBACKEND\tSTATE\tANSWERS\tIGNORED")
	}
	for _, p := range s.PasswordServers {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", p.Address, p.Backend, passwordServerState(p), outcomes(p.Outcomes), p.Ignored)
	}
	fmt.Fprintln(w)
	for _, name := range slices.Sorted(maps.Keys(s.Counters)) {
		fmt.Fprintf(w, "%s\t%d\n", strings.ReplaceAll(name, "_", " "), s.Counters[name])
	}
}

// describeExemption says who isn't asked, until when and why.
func describeExemption(e admin.Exemption) string {
	who, until, reason := e.User, "for good", "no reason was given"
	if e.Rule != "" {
		who = "rule " + e.Rule
	}
	if !e.Until.IsZero() {
		until = "until " + when(e.Until)
	}
	if e.Reason != "" {
		reason = e.Reason
	}
	return fmt.Sprintf("%s, %s: %s", who, until, reason)
}

// passwordServerState says whether a server is asked.
func passwordServerState(p admin.PasswordServerStatus) string {
	if p.Up {
		return "up"
	}
	return "NO ANSWER, passed over until " + when(p.DeadUntil)
}

// outcomes are the counts that aren't zero, in words.
func outcomes(counts map[string]uint64) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] > 0 {
			words = append(words, fmt.Sprintf("%s %d", name, counts[name]))
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// describeClock says whether the clock is right, who says so, and what to do.
func describeClock(c admin.ClockStatus) string {
	words := c.Sync
	if c.Source != "" {
		words += ", says " + c.Source
	}
	if c.DeviceOffsetSeconds != 0 {
		words += fmt.Sprintf("; devices are ahead by %.0f s, by %d codes", c.DeviceOffsetSeconds, c.Samples)
	}
	if c.Advice != "" {
		words += ". " + c.Advice
	}
	return words
}

// authenticator says whether a client sends Message-Authenticator, and what
// could be done about it.
func authenticator(c admin.ClientStatus) string {
	required := "not required"
	if c.RequiresMessageAuthenticator {
		required = "required"
	}
	switch {
	case c.Requests == 0:
		return required
	case c.WithoutMessageAuthenticator > 0:
		return fmt.Sprintf("%s, missing in %d", required, c.WithoutMessageAuthenticator)
	case !c.RequiresMessageAuthenticator:
		return required + ", but always sent: require it"
	}
	return required + ", always sent"
}

func (t *tool) reloadCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "reload",
		Short:   "Have the daemon read its configuration again",
		Long:    "Have the daemon read its configuration again. A faulty one changes nothing, and is said so.",
		Example: "  vpn-otpctl reload",
		Args:    names(),
		RunE: func(c *cobra.Command, _ []string) error {
			warnings, err := t.client().Reload(c.Context())
			if err != nil {
				return err
			}
			return t.print(admin.Reloaded{Warnings: warnings}, func(w io.Writer) {
				for _, warning := range warnings {
					fmt.Fprintf(w, "warning: %s\n", warning)
				}
				fmt.Fprintln(w, "reloaded")
			})
		},
	}
}
