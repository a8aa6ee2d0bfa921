package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

func (t *tool) logVerify() *cobra.Command {
	var head string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Prove that no audit record was changed",
		Long: `Walk the chain of each node and say whether it holds, or which record is the
first that doesn't fit. What was pruned by age is told from what was removed.

A chain that was cut off at its end looks whole. The daemon writes the head of
its chain to its log each hour (msg="audit head" seq=NUMBER mac=MAC): --head
makes sure that the chain still goes through it.

Exit status 1: a chain is broken, or no chain goes through the head.`,
		Example: `  vpn-otpctl log verify
  vpn-otpctl log verify --head 4711:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
		Args: names(),
		RunE: func(c *cobra.Command, _ []string) error {
			show := t.progress("%s records of a chain read")
			chains, err := t.client().VerifyLog(c.Context(), head, show.at)
			show.end()
			if err != nil {
				return err
			}
			if chains == nil {
				chains = []admin.Chain{}
			}
			if err := t.print(chains, func(w io.Writer) { describeChains(w, chains) }); err != nil {
				return err
			}
			return chainsFault(chains, head != "")
		},
	}
	c.Flags().StringVar(&head, "head", "", "a head of the daemon's log, as `NUMBER:MAC`")
	return c
}

func describeChains(w io.Writer, chains []admin.Chain) {
	fmt.Fprintln(w, "NODE\tRECORDS\tPRUNED\tSTATE\tHEAD")
	for _, c := range chains {
		records, state := "none", "holds"
		if c.First > 0 {
			records = fmt.Sprintf("%d to %d", c.First, c.Last)
		}
		if c.Broken > 0 {
			state = fmt.Sprintf("BROKEN at %d", c.Broken)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", printable(c.Node), records, c.Pruned, state, orDash(c.Head))
	}
}

// keptWords say what became of a head.
var keptWords = map[string]string{
	admin.HeadDifferent: "another record has its number",
	admin.HeadMissing:   "it ends before",
	admin.HeadPruned:    "so old records were pruned",
	"":                  "it is broken before",
}

// chainsFault is why the chains prove nothing; nil: they do.
func chainsFault(chains []admin.Chain, headAsked bool) error {
	var broken, elsewhere []string
	same := !headAsked
	for _, c := range chains {
		if c.Broken > 0 {
			broken = append(broken, fmt.Sprintf("node %s: record %d is the first that doesn't fit", c.Node, c.Broken))
		}
		same = same || c.Kept == admin.HeadSame
		elsewhere = append(elsewhere, fmt.Sprintf("node %s: %s", c.Node, orItself(keptWords, c.Kept)))
	}
	switch {
	case len(broken) > 0:
		return fmt.Errorf("the audit log is broken: %s", strings.Join(broken, "; "))
	case !same && len(chains) == 0:
		return fmt.Errorf("no chain goes through this head: there are no records at all")
	case !same:
		return fmt.Errorf("no chain goes through this head: %s", strings.Join(elsewhere, "; "))
	}
	return nil
}
