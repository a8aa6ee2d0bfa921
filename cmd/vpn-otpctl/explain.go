package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

func (t *tool) explainCommand() *cobra.Command {
	var client, from string
	c := &cobra.Command{
		Use:   "explain NAME",
		Short: "Say what a login would get now, and why",
		Long: `Say what a login of a user would get now after the right password, each rule
that leads there, and what became of the last logins. Without --client the
global policy is looked at, as a client would have it that changes nothing.
Nothing is written, and no login is counted.`,
		Example: `  vpn-otpctl explain alice --client vpn1
  vpn-otpctl explain alice --client vpn1 --from 192.0.2.7`,
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			x, err := t.client().Explain(c.Context(), arguments[0], client, from)
			if err != nil {
				return err
			}
			return t.print(x, func(w io.Writer) { describeExplanation(w, x) })
		},
	}
	c.Flags().StringVar(&client, "client", "", "the RADIUS `client` that would ask")
	c.Flags().StringVar(&from, "from", "", "the `address` that the user would come from")
	t.completeFlag(c, "client", t.clientNames)
	return c
}

func describeExplanation(w io.Writer, x admin.Explanation) {
	at := ""
	if x.Client != "" {
		at = " at " + printable(x.Client)
	}
	fmt.Fprintf(w, "%s%s %s: %s\n", printable(x.User), at, orItself(verdictWords, x.Verdict), inWords(x.Reason))
	if x.WithCode != nil {
		fmt.Fprintf(w, "and with the right code %s: %s\n", orItself(verdictWords, x.WithCode.Verdict), inWords(x.WithCode.Reason))
	}
	fmt.Fprintln(w, "\nRULE\tFOUND\tDETAIL")
	for _, rule := range x.Rules {
		fmt.Fprintf(w, "%s\t%s\t%s\n", printable(rule.Name), printable(rule.Found), printable(rule.Detail))
	}
	if len(x.Records) > 0 {
		fmt.Fprintln(w, "\nLAST\tDECISION\tCLIENT\tWHAT")
	}
	for _, r := range x.Records {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", moment(r.At), orDash(r.Decision), orDash(r.Client), printable(happened(r)))
	}
	if len(x.Refusals) > 0 {
		fmt.Fprintln(w, "\nREFUSED\tTIMES\tCLIENT\tFROM\tWHY")
	}
	for _, r := range x.Refusals {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", when(r.Minute), r.Count, orDash(r.Client), orDash(r.Source), inWords(r.Reason))
	}
}

// moment is a time to the second.
func moment(at time.Time) string { return at.Local().Format(time.DateTime) }

func orItself(words map[string]string, word string) string {
	if said, known := words[word]; known {
		return said
	}
	return word
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return printable(text)
}
