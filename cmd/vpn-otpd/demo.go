package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
)

const (
	demoUser     = "demo"
	demoPassword = "correct-horse"
	demoAddress  = "127.0.0.1:18120" // another port where it is taken
)

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Run the whole daemon on loopback, with a user to try it with",
		Long: `Run the whole daemon on loopback with a fresh temporary store, in which a user
is enrolled, and print what to type to log in. Ctrl-C ends it and removes the store.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return runDemo(c.Context(), c.OutOrStdout())
		},
	}
}

// demo is what a run of the demo drew for itself.
type demo struct {
	Folder, Config, Socket, SecretFile, Database string
	Address, Secret                              string
	User, Password, Device, QR                   string
}

// runDemo runs until ctx is done and leaves nothing behind.
func runDemo(ctx context.Context, w io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "vpn-otpd-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	d, secret, err := newDemo(folder)
	if err != nil {
		return err
	}
	config, _, err := loadConfig(d.Config, systemEnvironment())
	if err != nil {
		return err
	}
	s := &server{path: d.Config, level: new(slog.LevelVar), started: time.Now()}
	s.logger = slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: s.level, ReplaceAttr: shortTime}))
	s.onReady = func() error {
		if err := s.enrollDemo(ctx, secret); err != nil {
			return err
		}
		return demoText.Execute(w, d)
	}
	return s.run(ctx, config)
}

// newDemo draws secrets and writes the configuration.
func newDemo(folder string) (*demo, []byte, error) {
	secret, err := totp.NewSecret(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	uri := totp.URI("vpn-otpd demo", demoUser, totp.Key{Secret: secret, Algorithm: "SHA1", Digits: 6, Period: 30})
	qr, err := terminalQR(uri)
	if err != nil {
		return nil, nil, err
	}
	d := &demo{
		Folder: folder, Config: filepath.Join(folder, "vpn-otpd.toml"), Socket: filepath.Join(folder, "admin.sock"),
		SecretFile: filepath.Join(folder, "radius.secret"), Database: filepath.Join(folder, "vpn-otpd.sqlite"),
		Address: freeAddress(demoAddress), Secret: rand.Text(),
		User: demoUser, Password: demoPassword, Device: totp.FormatSecret(secret), QR: qr,
	}
	return d, secret, errors.Join(
		os.WriteFile(d.SecretFile, []byte(d.Secret+"\n"), 0o600),
		writeTemplate(d.Config, demoConfig, d))
}

// freeAddress returns the address, or one with a free port where it is taken.
func freeAddress(address string) string {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		if conn, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			return address
		}
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

func writeTemplate(path string, t *template.Template, data any) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(t.Execute(file, data), file.Close())
}

// enrollDemo adds the demo's user.
func (d *server) enrollDemo(ctx context.Context, secret []byte) error {
	actor := store.Actor{UID: int64(os.Getuid()), Name: "demo"}
	if _, err := d.accounts.AddUser(ctx, actor, demoUser, []byte(demoPassword)); err != nil {
		return fmt.Errorf("adding the demo's user: %w", err)
	}
	_, err := d.accounts.AddDevice(ctx, actor, demoUser, access.NewDevice{Label: "phone", Secret: totp.FormatSecret(secret)})
	if err != nil {
		return fmt.Errorf("enrolling the demo's user: %w", err)
	}
	return nil
}

// shortTime leaves the date out: a demo is watched, not kept.
func shortTime(_ []string, attribute slog.Attr) slog.Attr {
	if attribute.Key == slog.TimeKey {
		return slog.String(slog.TimeKey, attribute.Value.Time().Format(time.TimeOnly))
	}
	return attribute
}

var demoConfig = template.Must(template.New("config").Parse(`# The configuration of this demo. Two-factor is enforced.
require_two_factor = true
two_factor_methods = ["totp"]

[store]
path = "{{.Database}}"
key_file = "{{.Folder}}/key/store.key"

[radius]
listen = ["{{.Address}}"]

# Knows challenges: first the password, then the code.
[[radius.client]]
name = "vpn"
networks = ["127.0.0.1/32"]
secret_file = "{{.SecretFile}}"

# Knows none: password and code in one field.
[[radius.client]]
name = "portal"
networks = ["127.0.0.2/32"]
secret_file = "{{.SecretFile}}"
mode = "append"

[admin]
socket = "{{.Socket}}"
`))

var demoText = template.Must(template.New("demo").Parse(`
{{.QR}}
Scan this with an authenticator app, or enter the secret {{.Device}}

The daemon answers on {{.Address}}; two-factor is enforced. User "{{.User}}" has the password "{{.Password}}".
Try it from another terminal, in this folder:

  A login as a VPN server makes it: the password, then the code that the app shows.
    go run ./cmd/vpn-otpctl login {{.User}} --server {{.Address}} --secret-file {{.SecretFile}}

  The first half of it with radclient (Debian: freeradius-utils): an Access-Challenge.
    echo 'User-Name={{.User}},User-Password={{.Password}},Message-Authenticator=0x00' | radclient -x {{.Address}} auth {{.Secret}}

  Password and code in one field, for clients that know no challenge (Debian: oathtool).
    echo "User-Name={{.User}},User-Password={{.Password}}$(oathtool --totp -b {{.Device}}),Message-Authenticator=0x00,Packet-Src-IP-Address=127.0.0.2" | radclient -x {{.Address}} auth {{.Secret}}

  The administrator's side.
    go run ./cmd/vpn-otpctl --socket {{.Socket}} user show {{.User}}

The store is {{.Database}}, the configuration {{.Config}}.
Each decision is shown here as it happens. Ctrl-C ends the demo and removes its files.

`))
