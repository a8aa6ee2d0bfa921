package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/spf13/cobra"

	"vpn-otpd/enroll/signin/header"
	"vpn-otpd/enroll/signin/oidc"
	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/admin"
	"vpn-otpd/radiusd/clock"
	"vpn-otpd/radiusd/notice"
	"vpn-otpd/radiusd/password/ldap"
	"vpn-otpd/radiusd/password/local"
	"vpn-otpd/radiusd/password/upstream"
	"vpn-otpd/radiusd/prompt"
	"vpn-otpd/store"
)

// stopTimeout is how long the requests under way may take when the daemon stops.
const stopTimeout = 5 * time.Second

func serveCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon",
		Long: `Run the daemon in the foreground until SIGTERM or SIGINT.
SIGHUP reads the configuration again; a faulty one changes nothing.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return serve(c.Context(), path, c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&path, "config", defaultConfig, "the configuration `file`")
	return c
}

// serve runs the daemon of a configuration file until ctx is done.
func serve(ctx context.Context, path string, stderr io.Writer) error {
	// Go's own status for a panic, or for a watchdog's SIGABRT, is that of a wrong
	// configuration, after which systemd doesn't restart: let the signal be seen.
	debug.SetTraceback("crash")
	defer raiseHeapFloor()()
	passed, err := takeSockets(activation.Files(true)) // once: nobody else may take them
	if err != nil {
		return err
	}
	config, warnings, err := loadConfig(path, systemEnvironment())
	if err != nil {
		return err
	}
	if err := passed.check(config); err != nil {
		return err
	}
	d := &server{path: path, passed: passed, level: new(slog.LevelVar), started: time.Now()}
	d.logger = newLogger(stderr, config.Log.Format, d.level)
	for _, warning := range warnings {
		d.logger.Warn(warning.String())
	}
	return d.run(ctx, config)
}

func newLogger(w io.Writer, format string, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// server is the running daemon.
type server struct {
	path    string
	passed  sockets // those of systemd
	logger  *slog.Logger
	level   *slog.LevelVar
	started time.Time
	onReady func() error // runs before it says that it is ready; may be nil

	mutex  sync.Mutex // of reloads
	config *Config    // the one in force

	store      *store.Store
	gate       *access.Gate
	accounts   *access.Accounts
	local      *local.Local
	ldap       *ldap.LDAP         // nil: no directory checks passwords
	upstream   *upstream.Upstream // nil: no RADIUS servers check passwords
	radius     *radiusd.Server
	accounting accounting
	sockets    []*net.UDPConn
	admin      *admin.Server
	page       *pageServer    // nil: none here
	provider   *oidc.Provider // nil: users sign in without one
	header     *header.Header // nil: no proxy signs users in
	metrics    *pageServer    // nil: nobody measures
	clock      *clock.Watch
	notices    *notice.Sender // nil: users aren't told
	notifier   notifier
	asking     atomic.Bool // the store, for the status
}

// run starts the parts in the order in which they need each other, and stops
// them the other way round.
func (d *server) run(ctx context.Context, config *Config) (err error) {
	d.notifier = notifier{d.logger}
	release, err := config.Store.share(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := d.openStore(ctx, config); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.store.Close()) }()
	defer func() { err = errors.Join(err, d.closeFirstFactors()) }()
	if err := d.build(ctx, config); err != nil {
		return err
	}
	if err := d.listen(ctx, config); err != nil {
		return err
	}
	adminListener, err := d.openAdmin(config.Admin.Socket)
	if err != nil {
		return errors.Join(err, d.closeSockets())
	}

	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	inside, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	defer parts.Wait() // none of them uses the store when it is closed
	defer cancel()
	ended := make(chan error, len(d.sockets)+len(d.accounting.sockets)+3)
	for _, socket := range d.sockets {
		parts.Go(func() { ended <- d.radius.Serve(inside, socket) })
	}
	for _, socket := range d.accounting.sockets {
		parts.Go(func() { ended <- d.accounting.server.Serve(inside, socket) })
	}
	if d.page != nil {
		parts.Go(func() { ended <- d.page.serve() })
	}
	if d.metrics != nil {
		parts.Go(func() { ended <- d.metrics.serve() })
	}
	parts.Go(func() { ended <- d.admin.Serve(inside, adminListener) })
	parts.Go(func() { d.maintain(inside) })
	parts.Go(func() { d.tellStatus(inside, statusEvery) })
	parts.Go(func() { d.feedWatchdog(inside) })
	parts.Go(func() { d.clock.Run(inside) })
	if d.notices != nil {
		parts.Go(func() { d.notices.Run(inside) })
	}

	if d.onReady != nil {
		if err := d.onReady(); err != nil {
			return errors.Join(err, d.stop(inside))
		}
	}
	d.logReady(config, adminListener.Addr().String())
	d.notifier.ready(d.statusLine(ctx))
	err = d.wait(ctx, hangups, ended)
	d.logger.Info("stopping")
	d.notifier.stopping()
	return errors.Join(err, d.stop(inside))
}

// wait returns when the daemon is asked to stop, or a part of it has ended.
func (d *server) wait(ctx context.Context, hangups <-chan os.Signal, ended <-chan error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangups:
			d.notifier.reloading()
			if _, err := d.reload(ctx); err != nil {
				d.logger.Error("reload refused, the old configuration stays", "error", err)
			}
			d.notifier.ready(d.statusLine(ctx))
		case err := <-ended:
			if err == nil {
				err = errors.New("a listener ended")
			}
			return err
		}
	}
}

// stop lets the requests under way end, those of VPN servers and of browsers.
func (d *server) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	others := make(chan error, 2)
	go func() { others <- d.page.shutdown(ctx) }()
	go func() { others <- d.accounting.shutdown(ctx) }()
	return errors.Join(d.radius.Shutdown(ctx), <-others, <-others, d.metrics.shutdown(ctx))
}

// logReady names every address that it listens on.
func (d *server) logReady(config *Config, adminSocket string) {
	places := []any{"radius", addresses(d.sockets)}
	if d.accounting.server != nil {
		places = append(places, "accounting", addresses(d.accounting.sockets))
	}
	if d.page != nil {
		places = append(places, "enroll", d.page.address())
	}
	if d.metrics != nil {
		places = append(places, "metrics", d.metrics.address())
	}
	d.logger.Info("ready", append(places, "admin", adminSocket, "policy", config.policyName(), "version", version)...)
}

// build makes the parts that decide and answer; nothing listens yet.
func (d *server) build(ctx context.Context, config *Config) error {
	texts, err := prompt.New()
	if err != nil {
		return fmt.Errorf("reading the prompts: %w", err)
	}
	passwords, err := d.firstFactors(config)
	if err != nil {
		return err
	}
	d.clock = clock.New(clock.Options{Logger: d.logger})
	d.gate = access.NewGate(d.store, passwords, config.Settings,
		access.Options{Former: d.former(), Logger: d.logger, Witness: d.clock.Witness})
	d.accounts = access.NewAccounts(d.store, d.gate, d.local.Hash)
	table, err := radiusd.NewTable(config.Clients)
	if err != nil {
		return err
	}
	d.radius, err = radiusd.New(radiusd.Options{
		Gate: d.gate, Prompter: texts, Probe: d.store.Probe, Logger: d.logger,
		Workers: config.Radius.Workers, RejectDelay: config.Radius.RejectDelay,
	}, table)
	if err != nil {
		return err
	}
	if err := d.buildAccounting(config); err != nil {
		return err
	}
	if d.notices, err = d.newNotices(config); err != nil {
		return err
	}
	d.admin = d.newAdmin(config)
	return d.apply(ctx, config)
}

// maintain does what is to be done from time to time.
func (d *server) maintain(ctx context.Context) {
	const (
		pruneEvery = time.Minute
		headEvery  = time.Hour
	)
	prune, head := time.NewTicker(pruneEvery), time.NewTicker(headEvery)
	defer prune.Stop()
	defer head.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-prune.C:
			err = d.store.Prune(ctx)
		case <-head.C:
			err = errors.Join(d.logAuditHead(ctx), d.pruneAudit(ctx), d.pruneConnections(ctx))
		}
		if err != nil {
			d.logger.Error("maintenance of the store failed", "error", err)
		}
	}
}

// logAuditHead writes the end of the audit chain where the database's owner
// can't change it.
func (d *server) logAuditHead(ctx context.Context) error {
	return d.store.View(ctx, func(tx *store.Tx) error {
		seq, mac, err := tx.AuditHead()
		if err == nil && seq > 0 {
			d.logger.Info("audit head", "seq", seq, "mac", fmt.Sprintf("%x", mac))
		}
		return err
	})
}
