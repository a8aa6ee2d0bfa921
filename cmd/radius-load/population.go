package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/totp"
)

// population is so many users, all made of one seed: whoever has the seed knows
// their secrets, so none of them may ever be a real user.
type population struct {
	seed  string
	count int
}

func (p population) name(user int) string { return fmt.Sprintf("load%07d", user) }

func (p population) derive(what string, user int) []byte {
	sum := hmac.New(sha1.New, []byte(p.seed))
	sum.Write([]byte(what + " " + strconv.Itoa(user)))
	return sum.Sum(nil)
}

func (p population) key(user int) totp.Key {
	return totp.Key{Secret: p.derive("secret", user), Algorithm: "SHA1", Digits: 6, Period: period}
}

func (p population) password(user int) string {
	return hex.EncodeToString(p.derive("password", user)[:8])
}

// period is that of all devices, in seconds.
const period = 30

const maxUsers = 10_000_000

func (p population) check() error {
	if p.count < 1 || p.count > maxUsers {
		return fmt.Errorf("--users %d: it is 1 to %d", p.count, maxUsers)
	}
	return nil
}

// formats are how users are printed for those who import them.
var formats = map[string]func(w io.Writer, p population, user int){
	"csv": func(w io.Writer, p population, user int) {
		fmt.Fprintf(w, "%s,%s\n", p.name(user), totp.FormatSecret(p.key(user).Secret))
	},
	"freeradius": func(w io.Writer, p population, user int) {
		fmt.Fprintf(w, "%s TOTP-Secret := %q, Cleartext-Password := %q\n", p.name(user), totp.FormatSecret(p.key(user).Secret), p.password(user))
	},
}

func usersCommand() *cobra.Command {
	var p population
	var format string
	c := &cobra.Command{
		Use:   "users",
		Short: "Print the simulated users, to be imported by the server",
		Long: `Print the simulated users with their secrets: as csv, for vpn-otpctl import csv,
or for a users file of FreeRADIUS. The same seed gives the same users.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			write, known := formats[format]
			if !known {
				return fmt.Errorf("--format %q: it is csv or freeradius", format)
			}
			if err := p.check(); err != nil {
				return err
			}
			return p.print(c.OutOrStdout(), format == "csv", write)
		},
	}
	p.flags(c)
	c.Flags().StringVar(&format, "format", "csv", "csv or freeradius")
	return c
}

// print writes every user, and before them the header where the format has one.
func (p population) print(w io.Writer, header bool, write func(io.Writer, population, int)) error {
	buffered := bufio.NewWriter(w)
	if header {
		buffered.WriteString("user,secret\n")
	}
	for user := range p.count {
		write(buffered, p, user)
	}
	return buffered.Flush()
}

func (p *population) flags(c *cobra.Command) {
	c.Flags().IntVar(&p.count, "users", 1000, "how many users there are")
	c.Flags().StringVar(&p.seed, "seed", "radius-load", "what the users' secrets are made of")
}
