package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

func (t *tool) rolloutCommand() *cobra.Command {
	var late bool
	c := &cobra.Command{
		Use:   "rollout",
		Short: "Report who must still enroll, by when, and who is late",
		Long: `Report the users who must enroll and have no device, by name: until when they
may put it off ("next login": not at all), whether that is over (LATE), whether
they can do it without help (ALONE; if not, why: "invitation" by invitation
only, "deadline" it has passed, "reset" and so has the time after a reset, "no
page" nobody can), and what requires it of them. Totals follow.

What any client asks of them counts, by their groups at the last login. Users of
a directory who never logged in aren't known here.

With --json: one JSON object a line, with the fields name, required_by, since,
deadline, late and closed; the last line has totals, with the fields enrolled,
due (the late included), late, exempt, not_required and disabled.`,
		Example: "  vpn-otpctl rollout\n  vpn-otpctl rollout --late --json",
		Args:    names(),
		RunE: func(c *cobra.Command, _ []string) error {
			out := bufio.NewWriter(t.stdout)
			return errors.Join(t.rollout(c.Context(), out, late), out.Flush())
		},
	}
	c.Flags().BoolVar(&late, "late", false, "list only those who are late; the totals are of all")
	return c
}

// rolloutTotals is the last line of the report.
type rolloutTotals struct {
	Totals admin.RolloutTotals `json:"totals"`
}

// rollout prints part by part: there may be any number of users.
func (t *tool) rollout(ctx context.Context, out io.Writer, late bool) error {
	var totals admin.RolloutTotals
	encoder := json.NewEncoder(out)
	show := func(due admin.DueUser) error { return encoder.Encode(due) }
	if !t.json {
		show = func(due admin.DueUser) error { return writeDue(out, due) }
	}
	listed := 0
	for after := ""; ; {
		part, err := t.client().Rollout(ctx, after, admin.MaxPage)
		if err != nil {
			return err
		}
		for _, due := range part.Due {
			if late && !due.Late {
				continue
			}
			if listed++; listed == 1 && !t.json {
				fmt.Fprintf(out, dueLine, "USER", "ENROLL BY", "LATE", "ALONE", "REQUIRED BY")
			}
			if err := show(due); err != nil {
				return err
			}
		}
		totals = sum(totals, part.Totals)
		if after = part.Next; after == "" {
			break
		}
	}
	if t.json {
		return encoder.Encode(rolloutTotals{totals})
	}
	if listed > 0 {
		fmt.Fprintln(out)
	}
	_, err := fmt.Fprintf(out, "%d enrolled, %d must enroll (%d late), %d exempt, %d may do without, %d disabled\n",
		totals.Enrolled, totals.Due, totals.Late, totals.Exempt, totals.NotRequired, totals.Disabled)
	return err
}

// dueLine is a line of the table, of 80 columns unless a name is long.
const dueLine = "%-24s  %-16s  %-4s  %-10s  %s\n"

func writeDue(out io.Writer, due admin.DueUser) error {
	by, alone := "next login", "yes"
	if !due.Deadline.IsZero() {
		by = when(due.Deadline)
	}
	if due.Closed != "" {
		alone = due.Closed
	}
	_, err := fmt.Fprintf(out, dueLine, printable(due.Name), by, yesNo(due.Late), alone, shortened(strings.TrimPrefix(due.RequiredBy, "the "), 16))
	return err
}

// shortened is a text of at most so many letters.
func shortened(text string, most int) string {
	letters := []rune(printable(text))
	if len(letters) <= most {
		return string(letters)
	}
	return string(letters[:most-1]) + "…"
}

func sum(a, b admin.RolloutTotals) admin.RolloutTotals {
	return admin.RolloutTotals{Enrolled: a.Enrolled + b.Enrolled, Due: a.Due + b.Due, Late: a.Late + b.Late,
		Exempt: a.Exempt + b.Exempt, NotRequired: a.NotRequired + b.NotRequired, Disabled: a.Disabled + b.Disabled}
}
