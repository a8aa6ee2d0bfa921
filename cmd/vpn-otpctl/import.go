package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

// importFormats are the commands under import.
var importFormats = []struct{ format, file, short, long string }{
	{admin.FormatEduVPN, "FILE", "A database of eduVPN or Let's Connect!", `Take over devices, disabled users and local passwords from a db.sqlite of eduVPN
or Let's Connect!: the server's of 2.x and 1.x, and the portal's. The -wal beside
it comes along. Stop the old server first, so that both belong together.`},
	{"csv", "FILE", "Comma-separated values", `Take over devices and passwords from comma-separated values. The first line names
the columns: user and secret, and optionally label, password (in clear),
algorithm, digits and period. Several rows of a user are several devices.`},
	{admin.FormatGoogle, "FOLDER", "Files of pam_google_authenticator", `Take over devices from FOLDER/USER/.google_authenticator, such as /home, or from a
tar of such folders.`},
	{"freeradius", "FILE", "A users file of FreeRADIUS", `Take over TOTP-Secret and Crypt-Password (bcrypt and Argon2id) from a users file
of FreeRADIUS. Other passwords are left out, and reported.`},
	{"radcheck", "FILE", "A dump of FreeRADIUS's table radcheck", `Take over the same from the table radcheck, as comma-separated values with a
header line: username, attribute, op and value.`},
	{"oath", "FILE", "A users.oath of oath-toolkit", `Take over devices that count time (HOTP/T30, HOTP/T60) from a users.oath.`},
	{"otpauth", "FILE", "otpauth URIs, one a line", `Take over devices from otpauth:// URIs, one a line, as export prints them. The
user is what follows the last colon of the label.`},
	{"otpauth-migration", "FILE", "The transfer of Google Authenticator", `Take over devices from otpauth-migration:// URIs, one a line: what the QR codes
hold with which Google Authenticator moves accounts.`},
}

// importOptions are the flags of import.
type importOptions struct{ dryRun, all bool }

func (t *tool) importCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Take over users and devices from another system",
		Long: `Take over users and devices from another system. All that can be is taken, or on
a fault nothing, and what wasn't is listed with the reason. Nothing that is here
already is replaced, so that it can be repeated.

Logins wait while accounts are added, in a dry run too: some seconds for 100,000.`,
		Example: "  vpn-otpctl import eduvpn db.sqlite --dry-run",
		RunE:    group,
	}
	for _, f := range importFormats {
		c.AddCommand(t.importFrom(f.format, f.file, f.short, f.long))
	}
	return c
}

func (t *tool) importFrom(format, file, short, long string) *cobra.Command {
	var o importOptions
	example := map[string]string{admin.FormatEduVPN: "db.sqlite", admin.FormatGoogle: "/home"}[format]
	if example == "" {
		example = "users.txt"
		long += "\n\n\"-\" reads standard input."
	}
	c := &cobra.Command{
		Use: format + " " + file, Short: short, Long: long,
		Example: fmt.Sprintf("  vpn-otpctl import %s %s --dry-run\n  vpn-otpctl import %[1]s %[2]s", format, example),
		Args:    names(file),
		RunE: func(c *cobra.Command, arguments []string) error {
			return t.importSource(c.Context(), format, arguments[0], o)
		},
	}
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "only say what would be taken over")
	c.Flags().BoolVar(&o.all, "all", false, fmt.Sprintf("list all that is skipped, up to %d things", admin.MaxSkipped))
	return c
}

func (t *tool) importSource(ctx context.Context, format, name string, o importOptions) error {
	source, size, err := t.openSource(format, name)
	if err != nil {
		return err
	}
	defer source.Close()
	bar := t.bar()
	report, err := t.client().Import(ctx, format, bar.reading(source, size), o.dryRun, func(p admin.ImportProgress) {
		bar.at(p.Phase, p.Done, p.Total)
	})
	bar.end()
	if err != nil {
		return err
	}
	if t.json {
		return t.print(report, nil)
	}
	return describeImport(t.stdout, report, o.all)
}

// openSource opens what is to be sent; size is 0 where it isn't known.
func (t *tool) openSource(format, name string) (source io.ReadCloser, size int64, err error) {
	switch {
	case format == admin.FormatEduVPN:
		return databaseArchive(name)
	case name == "-" && format != admin.FormatGoogle:
		// The daemon waits for what comes: whoever still types a passphrase for
		// the left side of a pipe is not to be too late.
		input := bufio.NewReader(t.stdin)
		if _, err := input.Peek(1); err != nil {
			return nil, 0, usage("standard input is empty; the source is expected there")
		}
		return io.NopCloser(input), 0, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, usageError{err}
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case info.IsDir() && format == admin.FormatGoogle:
		file.Close()
		return homesArchive(name)
	case info.IsDir():
		err = usage("%s is a folder", name)
	default:
		return file, info.Size(), nil
	}
	file.Close()
	return nil, 0, err
}

// shownSkipped is how much of what was skipped is listed without --all.
const shownSkipped = 50

func describeImport(out io.Writer, report admin.ImportReport, all bool) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	if report.DryRun {
		fmt.Fprintln(w, "a dry run: nothing was changed")
	}
	fmt.Fprintf(w, "users added\t%d\ndevices added\t%d\nunchanged\t%d\nskipped\t%d\n", report.Users, report.Devices, report.Unchanged, report.Skipped)
	details := report.Details
	if !all {
		details = details[:min(len(details), shownSkipped)]
	}
	if err := w.Flush(); err != nil || len(details) == 0 {
		return err
	}
	fmt.Fprintln(w, "\nWHERE\tUSER\tWHY NOT")
	for _, s := range details {
		fmt.Fprintf(w, "%s\t%s\t%s\n", printable(s.Place), orDash(printable(s.Name)), printable(s.Reason))
	}
	if more := report.Skipped - len(details); more > 0 {
		fmt.Fprintf(w, "and %d more\t\t%s\n", more, map[bool]string{false: "--all lists them", true: ""}[all])
	}
	return w.Flush()
}
