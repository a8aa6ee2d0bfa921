package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/client"
)

var (
	errNoAnswer    = errors.New("no answer that can be trusted: is the address right, is this host a client of the server, is the secret the same?")
	errNotAccepted = errors.New("the server did not accept the login")
)

// codes of replies (RFC 2865, section 3).
const (
	accessAccept    = 2
	accessChallenge = 11
)

// loginOptions are the flags of login.
type loginOptions struct {
	server, secretFile string
	login              client.Login
	timeout            time.Duration
	fromStdin          bool
}

func (t *tool) loginCommand() *cobra.Command {
	var o loginOptions
	c := &cobra.Command{
		Use:   "login NAME --server HOST:PORT --secret-file FILE",
		Short: "Try a RADIUS login, challenges included",
		Long: `Try a RADIUS login against any server, as a VPN server would make it: the
password is asked, then whatever the server's challenges ask. Every request
carries Message-Authenticator, and a reply without one is not believed.

Exit status 0 is an Access-Accept, 1 an Access-Reject, 3 no answer.`,
		Example: `  vpn-otpctl login alice --server 192.0.2.1:1812 --secret-file radius.secret
  printf 'password\n123456\n' | vpn-otpctl login alice --server 192.0.2.1:1812 --secret-file radius.secret --password-stdin`,
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			o.login.User = arguments[0]
			return t.tryLogin(c.Context(), o)
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.server, "server", "", "the server's `HOST:PORT`")
	flags.StringVar(&o.secretFile, "secret-file", "", "a `file` whose first line is the shared secret; - is standard input")
	flags.StringVar(&o.login.NASIdentifier, "nas-identifier", "vpn-otpctl", "NAS-Identifier of the requests")
	flags.StringVar(&o.login.CallingStation, "calling-station", "", "Calling-Station-Id of the requests")
	flags.BoolVar(&o.login.WithoutMessageAuthenticator, "no-message-authenticator", false, "send none and need none, to try old servers")
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, "how long to wait for each answer")
	flags.BoolVar(&o.fromStdin, "password-stdin", false, "read the password and then the answers from standard input, one a line")
	return c
}

func (t *tool) tryLogin(ctx context.Context, o loginOptions) error {
	if o.server == "" || o.secretFile == "" {
		return usage("--server and --secret-file are needed")
	}
	in := bufio.NewReader(t.stdin)
	secret, err := sharedSecret(in, o.secretFile)
	if err != nil {
		return usage("reading the secret: %w", err)
	}
	o.login.Conn, err = client.Dial(ctx, client.Server{
		Address: o.server, Secret: secret,
		AllowWithoutMessageAuthenticator: o.login.WithoutMessageAuthenticator,
		Retransmission:                   client.Retransmission{Total: o.timeout},
	})
	if err != nil {
		return usage("--server: %w", err)
	}
	defer o.login.Conn.Close()
	ask := t.asker(ctx, in, o.fromStdin)
	field, err := ask("Password: ")
	if err != nil {
		return err
	}
	for {
		reply, err := o.login.Answer(ctx, []byte(field))
		if errors.Is(err, client.ErrTimeout) {
			return errNoAnswer
		}
		if err != nil {
			return err
		}
		if reply.Code != accessChallenge {
			return t.verdict(reply)
		}
		if field, err = ask(challengeText(reply)); err != nil {
			return err
		}
	}
}

// sharedSecret is the first line of a file, or of standard input for "-".
func sharedSecret(in *bufio.Reader, name string) ([]byte, error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = bufio.NewReader(file)
	}
	secret, err := line(in)
	if err != nil {
		return nil, err
	}
	if secret == "" {
		return nil, errors.New("the first line is empty")
	}
	return []byte(secret), nil
}

// challengeText is what the user is asked.
func challengeText(reply *client.Reply) string {
	if text := printable(strings.Join(reply.Messages(), ", ")); text != "" {
		return text
	}
	return "Answer: "
}

// asker returns what answers the prompts: a person, or lines of standard input.
func (t *tool) asker(ctx context.Context, in *bufio.Reader, fromStdin bool) func(prompt string) (string, error) {
	if !fromStdin {
		return func(prompt string) (string, error) { return t.secretly(ctx, prompt) }
	}
	return func(prompt string) (string, error) {
		fmt.Fprintln(t.stderr, prompt)
		text, err := line(in)
		if errors.Is(err, io.EOF) {
			return "", usage("standard input has no line left for %q", strings.TrimSpace(prompt))
		}
		return text, err
	}
}

// verdict prints the last reply.
func (t *tool) verdict(reply *client.Reply) error {
	name := reply.Code.String()
	attributes := make(map[string][]string)
	for _, a := range reply.List() {
		attributes[a.Name] = append(attributes[a.Name], a.Value)
	}
	err := t.print(map[string]any{"code": name, "attributes": attributes}, func(w io.Writer) {
		fmt.Fprintln(w, name)
		for _, a := range reply.List() {
			fmt.Fprintf(w, "  %s\t%s\n", a.Name, a.Value)
		}
	})
	if err == nil && reply.Code != accessAccept {
		err = errNotAccepted
	}
	return err
}
