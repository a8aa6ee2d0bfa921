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
	demoUser        = "demo"
	demoPassword    = "correct-horse"
	newcomer        = "newcomer" // isn't enrolled
	newcomerWord    = "battery-staple"
	demoAddress     = "127.0.0.1:18120" // another port where it is taken
	demoPageAddress = "127.0.0.1:18080" // and so here
)

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Run the whole daemon on loopback, with users to try it with",
		Long: `Run the whole daemon on loopback with a fresh temporary store, in which one user
is enrolled and another isn't yet, and print what to type and what to open to try
it. Ctrl-C ends it and removes the store.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return runDemo(c.Context(), c.OutOrStdout())
		},
	}
}

// demo is what a run of the demo drew for itself.
type demo struct {
	Folder, Config, Socket, SecretFile, Database string
	Address, Page, Secret                        string
	User, Password, Device, QR                   string
	Newcomer, NewcomerPassword                   string
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
		Address: freeAddress(demoAddress), Page: freePageAddress(demoPageAddress), Secret: rand.Text(),
		User: demoUser, Password: demoPassword, Device: totp.FormatSecret(secret), QR: qr,
		Newcomer: newcomer, NewcomerPassword: newcomerWord,
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

// freePageAddress does the same for the page.
func freePageAddress(address string) string {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return address
		}
	}
	defer listener.Close()
	return listener.Addr().String()
}

func writeTemplate(path string, t *template.Template, data any) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(t.Execute(file, data), file.Close())
}

// enrollDemo adds the demo's users.
func (d *server) enrollDemo(ctx context.Context, secret []byte) error {
	actor := store.Actor{UID: int64(os.Getuid()), Name: "demo"}
	if _, err := d.accounts.AddUser(ctx, actor, demoUser, []byte(demoPassword)); err != nil {
		return fmt.Errorf("adding the demo's user: %w", err)
	}
	_, err := d.accounts.AddDevice(ctx, actor, demoUser, access.NewDevice{Label: "phone", Secret: totp.FormatSecret(secret)})
	if err != nil {
		return fmt.Errorf("enrolling the demo's user: %w", err)
	}
	if _, err := d.accounts.AddUser(ctx, actor, newcomer, []byte(newcomerWord)); err != nil {
		return fmt.Errorf("adding the demo's newcomer: %w", err)
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
