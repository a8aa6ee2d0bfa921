package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

func (t *tool) userCommand() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Accounts", Example: "  vpn-otpctl user list", RunE: group}
	c.AddCommand(t.userAdd(), t.userPassword(), t.userList(), t.userShow(), t.userSetDisabled("disable", true), t.userSetDisabled("enable", false), t.userDelete())
	return c
}

func (t *tool) userAdd() *cobra.Command {
	var fromStdin bool
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Make an account",
		Long: `Make an account. Without --password-stdin it has no local password, and can
log in only where something else checks the first factor.`,
		Example:           "  vpn-otpctl user add alice --password-stdin <password.txt",
		Args:              names("NAME"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, arguments []string) error {
			var password *string
			if fromStdin {
				typed, err := t.password()
				if err != nil {
					return err
				}
				password = &typed
			}
			name, err := t.client().AddUser(c.Context(), arguments[0], password)
			if err != nil {
				return err
			}
			return t.print(admin.AddedUser{Name: name}, func(w io.Writer) { fmt.Fprintf(w, "added user %s\n", name) })
		},
	}
	c.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the local password from the first line of standard input")
	return c
}

// password reads the first line of standard input.
func (t *tool) password() (string, error) {
	typed, err := line(bufio.NewReader(t.stdin))
	if errors.Is(err, io.EOF) {
		return "", usage("standard input is empty; the password is expected there")
	}
	if err == nil && !utf8.ValidString(typed) {
		return "", usage("the password is not UTF-8")
	}
	return typed, err
}

func (t *tool) userPassword() *cobra.Command {
	var fromStdin bool
	c := &cobra.Command{
		Use:   "password NAME",
		Short: "Set the local password",
		Long:  "Set the local password, asked twice on the terminal. What the user has open ends with it.",
		Example: `  vpn-otpctl user password alice
  vpn-otpctl user password alice --password-stdin <password.txt`,
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			typed, err := t.newPassword(c.Context(), fromStdin)
			if err != nil {
				return err
			}
			if err := t.client().SetPassword(c.Context(), arguments[0], typed); err != nil {
				return err
			}
			return t.say("the password of %s is set", arguments[0])
		},
	}
	c.Flags().BoolVar(&fromStdin, "password-stdin", false, "read it from the first line of standard input")
	return c
}

func (t *tool) newPassword(ctx context.Context, fromStdin bool) (string, error) {
	if fromStdin {
		return t.password()
	}
	first, err := t.secretly(ctx, "New password: ")
	if err != nil {
		return "", err
	}
	second, err := t.secretly(ctx, "Again: ")
	if err == nil && first != second {
		err = usage("the two are different")
	}
	return first, err
}

func (t *tool) userList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List all users",
		Long:    "List all users by name. With --json: one JSON object a line.",
		Example: "  vpn-otpctl user list",
		Args:    names(),
		RunE:    func(c *cobra.Command, _ []string) error { return t.listUsers(c.Context()) },
	}
}

// listUsers prints page by page: there may be any number of users.
func (t *tool) listUsers(ctx context.Context) error {
	show := &progress{}
	if !isTerminal(t.stdout) {
		show = t.progress("%s users listed")
		defer show.end()
	}
	list := t.listTable
	if t.json {
		list = t.listJSON
	}
	var listed int64
	for after := ""; ; {
		users, next, err := list(ctx, after)
		if err != nil || next == "" {
			return err
		}
		listed += int64(users)
		show.at(listed)
		after = next
	}
}

// listTable prints a page of the list, with what fits a line.
func (t *tool) listTable(ctx context.Context, after string) (users int, next string, err error) {
	table := tabwriter.NewWriter(t.stdout, 24, 8, 2, ' ', 0)
	if after == "" {
		fmt.Fprintln(table, "USER\tENROLLED\tPOLICY\tSTATE\tLAST CODE")
	}
	page, err := t.client().List(ctx, after, admin.MaxPage)
	if err != nil {
		return 0, "", err
	}
	for _, user := range page.Users {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", user.Name, yesNo(user.Enrolled), user.Policy, state(user.Disabled, user.Locked), when(user.LastCodeAt))
	}
	return len(page.Users), page.Next, table.Flush()
}

// listJSON prints a page of users with all that is known of them.
func (t *tool) listJSON(ctx context.Context, after string) (users int, next string, err error) {
	page, err := t.client().Users(ctx, after, admin.MaxPage)
	if err != nil {
		return 0, "", err
	}
	encoder := json.NewEncoder(t.stdout)
	for _, user := range page.Users {
		if err := encoder.Encode(user); err != nil {
			return 0, "", err
		}
	}
	return len(page.Users), page.Next, nil
}

func state(disabled, locked bool) string {
	switch {
	case disabled:
		return "disabled"
	case locked:
		return "locked"
	}
	return "ok"
}

func (t *tool) userShow() *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Show one user",
		Example:           "  vpn-otpctl user show alice",
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			user, err := t.client().User(c.Context(), arguments[0])
			if err != nil {
				return err
			}
			return t.print(user, func(w io.Writer) { describe(w, user) })
		},
	}
}

func describe(w io.Writer, user admin.User) {
	fmt.Fprintf(w, "user\t%s\n", user.Name)
	fmt.Fprintf(w, "state\t%s\n", state(user.Disabled, user.Lock.Locked))
	if user.Lock.Locked {
		fmt.Fprintf(w, "locked until\t%s\n", user.Lock.Until.Local().Format(time.DateTime))
	}
	fmt.Fprintf(w, "policy\t%s\n", describePolicy(user))
	if len(user.Groups) > 0 {
		fmt.Fprintf(w, "groups\t%s\n", strings.Join(user.Groups, ", "))
	}
	fmt.Fprintf(w, "local password\t%s\n", yesNo(user.LocalPassword))
	fmt.Fprintf(w, "wrong codes\t%d\n", user.Lock.Failures)
	fmt.Fprintf(w, "recovery codes\t%d left\n", user.RecoveryCodes)
	fmt.Fprintf(w, "temporary codes\t%d\n", user.TemporaryCodes)
	fmt.Fprintf(w, "remembered logins\t%d\n", user.RememberedLogins)
	fmt.Fprintf(w, "since\t%s\n", when(user.CreatedAt))
	if len(user.Devices) == 0 {
		fmt.Fprintf(w, "devices\tnone\n")
		return
	}
	fmt.Fprintln(w)
	listDevices(w, user.Devices)
}

func describePolicy(user admin.User) string {
	text := user.Policy
	if !user.PolicyUntil.IsZero() {
		text += " until " + when(user.PolicyUntil)
	}
	if user.PolicyReason != "" {
		text += ": " + user.PolicyReason
	}
	return text
}

func (t *tool) userSetDisabled(verb string, disabled bool) *cobra.Command {
	short := map[bool]string{true: "Let a user in no more", false: "Let a disabled user in again"}[disabled]
	return &cobra.Command{
		Use:               verb + " NAME",
		Short:             short,
		Example:           "  vpn-otpctl user " + verb + " alice",
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			if err := t.client().SetDisabled(c.Context(), arguments[0], disabled); err != nil {
				return err
			}
			return t.say("%s is %sd", arguments[0], verb)
		},
	}
}

func (t *tool) userDelete() *cobra.Command {
	return &cobra.Command{
		Use:               "delete NAME",
		Short:             "Delete an account and all that belongs to it",
		Long:              "Delete an account with its devices and codes. The audit records stay.",
		Example:           "  vpn-otpctl user delete alice",
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			if err := t.confirm(c.Context(), "This deletes the account of %s with all devices and codes.", arguments[0]); err != nil {
				return err
			}
			if err := t.client().DeleteUser(c.Context(), arguments[0]); err != nil {
				return err
			}
			return t.say("deleted user %s", arguments[0])
		},
	}
}
