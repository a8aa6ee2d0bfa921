package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

func (t *tool) sessionsCommand() *cobra.Command {
	query := admin.SessionQuery{Limit: admin.MaxPage}
	c := &cobra.Command{
		Use:   "sessions",
		Short: "Show who is connected where since when",
		Long: `Show who is connected where since when, by user, as VPN servers tell it by RADIUS
accounting (radius.accounting_listen). A connection that is open but had no news
for as long as ended ones are kept is stale: it may be over. A name that no user
has is shown as a hash, for people type passwords there. With --json: one JSON
object a line, with all that is known.`,
		Example: `  vpn-otpctl sessions
  vpn-otpctl sessions --user alice --all
  vpn-otpctl --json sessions --client vpn1`,
		Args: names(),
		RunE: func(c *cobra.Command, _ []string) error { return t.listSessions(c.Context(), query) },
	}
	flags := c.Flags()
	flags.StringVar(&query.User, "user", "", "only of this `user`")
	flags.StringVar(&query.Client, "client", "", "only of this RADIUS `client`")
	flags.BoolVar(&query.Ended, "all", false, "those that have ended too, as far as they are kept")
	t.completeFlag(c, "user", t.userNames)
	t.completeFlag(c, "client", t.clientNames)
	return c
}

// listSessions prints page by page: there may be any number of sessions.
func (t *tool) listSessions(ctx context.Context, query admin.SessionQuery) error {
	encoder := json.NewEncoder(t.stdout)
	for first := true; first || query.After != ""; first = false {
		page, err := t.client().Sessions(ctx, query)
		if err != nil {
			return err
		}
		query.After = page.Next
		if !t.json {
			if err := tableSessions(t.stdout, page.Sessions, query.Ended, first); err != nil {
				return err
			}
			continue
		}
		for _, session := range page.Sessions {
			if err := encoder.Encode(session); err != nil {
				return err
			}
		}
	}
	return nil
}

// tableSessions prints a page of sessions, with what fits a line of 80: where from
// those that are open, until when where ended ones are among them.
func tableSessions(w io.Writer, sessions []admin.Session, ended, heading bool) error {
	table := tabwriter.NewWriter(w, 8, 8, 2, ' ', 0)
	if heading {
		last := "FROM"
		if ended {
			last = "UNTIL"
		}
		fmt.Fprintf(table, "USER\tCLIENT\tADDRESS\tSINCE\t%s\n", last)
	}
	for _, s := range sessions {
		address := s.Address
		if address == "" {
			address = s.Address6
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", orDash(s.User), s.Client, orDash(address), when(s.StartedAt), last(s, ended))
	}
	return table.Flush()
}

func last(s admin.Session, ended bool) string {
	switch {
	case s.State == admin.SessionEnded:
		return when(s.EndedAt)
	case s.State == admin.SessionStale:
		return "stale"
	case ended:
		return "open"
	}
	return orDash(s.CallingStation)
}
