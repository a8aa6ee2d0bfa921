package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

// followEvery is how often new records are asked for.
const followEvery = time.Second

// logOptions are the flags of log.
type logOptions struct {
	query        admin.LogQuery
	since, until string
	limit        int // 0: all
	follow       bool
}

func (t *tool) logCommand() *cobra.Command {
	var o logOptions
	c := &cobra.Command{
		Use:   "log",
		Short: "Show the audit records",
		Long: `Show the audit records: every decision on a login and every change, oldest
first. Failures before the first factor are only counted; vpn-otpctl explain
shows them. With --json: one JSON object a line, to be kept or searched
elsewhere; with --limit 0 all that there are.`,
		Example: `  vpn-otpctl log --user alice --since 2h
  vpn-otpctl log --follow --reason code_wrong
  vpn-otpctl --json log --since 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z --limit 0 >november.jsonl`,
		Args: names(),
		RunE: func(c *cobra.Command, _ []string) error { return t.showLog(c.Context(), o) },
	}
	flags := c.Flags()
	flags.StringVar(&o.query.User, "user", "", "only of this `user`")
	flags.StringVar(&o.query.Client, "client", "", "only of this RADIUS `client`")
	flags.StringVar(&o.query.Reason, "reason", "", "only with this `reason`, such as code_wrong")
	flags.StringVar(&o.query.Event, "event", "", "only of this `event`, such as login or reset")
	flags.StringVar(&o.query.Decision, "decision", "", "only the decision with this `id`, as it stands in the daemon's log")
	flags.StringVar(&o.since, "since", "", "only from this `time` on: as in RFC 3339, or so long ago, such as 90m or 14d")
	flags.StringVar(&o.until, "until", "", "only from before this `time`, in the same forms")
	flags.IntVar(&o.limit, "limit", admin.DefaultLogPage, fmt.Sprintf("the newest `records`, up to %d; 0: all", admin.MaxLogPage))
	flags.BoolVarP(&o.follow, "follow", "f", false, "go on with new records as they come, until ^C")
	t.completeFlag(c, "user", t.userNames)
	t.completeFlag(c, "client", t.clientNames)
	t.completeFlag(c, "reason", reasonNames)
	c.AddCommand(t.logVerify())
	return c
}

func (t *tool) showLog(ctx context.Context, o logOptions) (err error) {
	now := time.Now()
	if o.query.Since, err = parseTime(o.since, now); err != nil {
		return usage("--since: %w", err)
	}
	if o.query.Until, err = parseTime(o.until, now); err != nil {
		return usage("--until: %w", err)
	}
	switch {
	case o.limit < 0 || o.limit > admin.MaxLogPage:
		return usage("--limit %d: it is 0 to %d", o.limit, admin.MaxLogPage)
	case o.follow && o.until != "":
		return usage("--follow and --until exclude each other")
	}
	if o.query.Limit = o.limit; o.limit == 0 {
		o.query.After, o.query.Limit = admin.Oldest, admin.MaxLogPage
	}
	err = t.printLog(ctx, o)
	if o.follow && errors.Is(err, context.Canceled) { // how it is meant to end
		return nil
	}
	return err
}

// printLog prints page by page: there may be any number of records.
func (t *tool) printLog(ctx context.Context, o logOptions) error {
	out := newRecordPrinter(t)
	for {
		page, err := t.client().Log(ctx, o.query)
		if err != nil {
			return err
		}
		if err := out.print(page.Records); err != nil {
			return err
		}
		more := o.query.After != "" && len(page.Records) == o.query.Limit
		if !more && !o.follow {
			return nil
		}
		o.query.After, o.query.Limit = page.Next, admin.MaxLogPage
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(followEvery):
		}
	}
}

// recordPrinter prints records as a table, or as JSON lines.
type recordPrinter struct {
	json  *json.Encoder
	table *tabwriter.Writer
	begun bool
}

func newRecordPrinter(t *tool) *recordPrinter {
	if t.json {
		return &recordPrinter{json: json.NewEncoder(t.stdout)}
	}
	return &recordPrinter{table: tabwriter.NewWriter(t.stdout, 12, 8, 2, ' ', 0)}
}

func (p *recordPrinter) print(records []admin.Record) error {
	if p.json != nil {
		for _, r := range records {
			if err := p.json.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	if !p.begun {
		fmt.Fprintf(p.table, "%-19s\tDECISION     \tUSER\tCLIENT\tFROM\tWHAT\n", "TIME")
		p.begun = true
	}
	for _, r := range records {
		describeRecord(p.table, r)
	}
	return p.table.Flush()
}

func describeRecord(w io.Writer, r admin.Record) {
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", moment(r.At), orDash(r.Decision), orDash(r.User), orDash(r.Client),
		orDash(r.CallingStation), printable(happened(r)))
}

// parseTime reads a time, or how long ago it was; "" is no time.
func parseTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	ago, err := parseAgo(text)
	if err != nil || ago < 0 {
		return time.Time{}, fmt.Errorf("%q is neither a time as in RFC 3339, such as 2026-11-23T12:00:00Z, nor a duration, such as 90m or 14d", text)
	}
	return now.Add(-ago), nil
}

// parseAgo reads a duration that may begin with days.
func parseAgo(text string) (time.Duration, error) {
	days, rest, hasDays := strings.Cut(text, "d")
	if !hasDays {
		return time.ParseDuration(text)
	}
	count, err := strconv.ParseUint(days, 10, 16) // 65535 days overflow nothing
	if err != nil || rest == "" {
		return time.Duration(count) * 24 * time.Hour, err
	}
	ago, err := time.ParseDuration(rest)
	return time.Duration(count)*24*time.Hour + ago, err
}
