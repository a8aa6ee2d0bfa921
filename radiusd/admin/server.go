package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// Accounts is what the server needs of those who decide about users. An error
// that is an *access.Refusal is told to the caller; any other is a fault. Names
// are as typed; the texts of passwords and secrets are not to be kept.
type Accounts interface {
	// Canonical is the name that a typed one means.
	Canonical(name string) (string, error)
	// AddUser returns the canonical name. A nil password: no local one.
	AddUser(ctx context.Context, actor store.Actor, name string, password []byte) (string, error)
	SetPassword(ctx context.Context, actor store.Actor, name string, password []byte) error
	// Users returns up to limit users with names above after, in the order of
	// their names, with their devices but without secrets.
	Users(ctx context.Context, after string, limit int) ([]store.Account, error)
	// Summaries is Users with what a list shows.
	Summaries(ctx context.Context, after string, limit int) ([]store.Summary, error)
	User(ctx context.Context, name string) (store.Account, error)
	SetDisabled(ctx context.Context, actor store.Actor, name string, disabled bool) error
	DeleteUser(ctx context.Context, actor store.Actor, name string) error
	AddDevice(ctx context.Context, actor store.Actor, name string, device access.NewDevice) (store.Device, error)
	RemoveDevice(ctx context.Context, actor store.Actor, name, label string) error
	Reset(ctx context.Context, actor store.Actor, name string) error
	Unlock(ctx context.Context, actor store.Actor, name string) error
	GiveCode(ctx context.Context, actor store.Actor, name string, valid time.Duration, uses int, helpdesk bool) (code string, expires time.Time, err error)
	NewRecoveryCodes(ctx context.Context, actor store.Actor, name string) ([]string, error)
	// Explain says what a login would get now. from may be invalid: not known.
	Explain(ctx context.Context, name string, client access.Client, from netip.Addr) (access.Explanation, error)
	// Invite returns what stands at the end of the address that the user opens.
	Invite(ctx context.Context, actor store.Actor, name string, valid time.Duration, helpdesk bool) (ticket string, expires time.Time, err error)
	SetPolicy(ctx context.Context, actor store.Actor, name string, own access.OwnPolicy) error
	Rollout(ctx context.Context, after string, limit int) (access.Rollout, error)
	RememberedLogins(ctx context.Context, name string) ([]store.Remembered, error)
	ForgetLogins(ctx context.Context, actor store.Actor, name string) (forgotten int, err error)
}

// Server answers on the admin socket. The functions may be called in parallel.
type Server struct {
	Accounts Accounts
	Status   func(context.Context) (Status, error)
	// Reload reads the configuration again and returns warnings, such as the keys
	// that need a restart. A configuration that is refused is an
	// *access.Refusal, so that the administrator sees what is wrong with it.
	Reload func(context.Context) (warnings []string, err error)
	// EnrollURL is what users open, with "/" at its end; "": there is no page,
	// and nobody can be invited.
	EnrollURL string
	// Audit is the log of decisions and changes.
	Audit AuditLog
	// Connections tell who is connected; nil: nobody knows.
	Connections Connections
	// Client finds a RADIUS client by its name, as the configuration in force
	// has it; nil: there are none.
	Client func(name string) (client access.Client, known bool)
	// Import takes users over. It hears of a peer that is gone by its context;
	// progress may be called often and never waits. A source that can't be read
	// is an *access.Refusal.
	Import func(ctx context.Context, source ImportSource, progress func(ImportProgress)) (access.ImportReport, error)
	// Export hands over the devices of a user as typed, or of all where it is "".
	Export func(ctx context.Context, actor store.Actor, user string, write func(ExportLine) error) error
	// Backup makes a copy of the store in a file that isn't there yet.
	Backup func(ctx context.Context, actor store.Actor, into string) error
	// ImportFolder and BackupFolder are where temporary folders are made, "": as
	// the system says. Sources of imports hold secrets in clear; the copies of
	// backups hold none, and may be large.
	ImportFolder, BackupFolder string
	// Roles say who peers are, now; nil: root and the daemon's own user, and
	// nobody else.
	Roles  func() Roles
	judge  func(Peer) bool // who may connect; nil: all but strangers
	Log    *slog.Logger
	Limits Limits
	// Now is the time; nil: time.Now.
	Now func() time.Time

	importing, copying turn // one of each at a time
}

// Limits bound what peers can take up. Zero values: the defaults.
type Limits struct {
	Connections int           // open at a time; 64
	Read        time.Duration // for a whole request to arrive; 10 s
	Write       time.Duration // from the request to the whole answer; 60 s
	Idle        time.Duration // between two requests; 30 s
}

const (
	maxHeader = 16 << 10 // octets; net/http adds some slack of its own
	// stopTimeout is how long requests under way may take when the daemon stops.
	stopTimeout = 5 * time.Second
)

func (l Limits) withDefaults() Limits {
	if l.Connections == 0 {
		l.Connections = 64
	}
	if l.Read == 0 {
		l.Read = 10 * time.Second
	}
	if l.Write == 0 {
		l.Write = 60 * time.Second
	}
	if l.Idle == 0 {
		l.Idle = 30 * time.Second
	}
	return l
}

// Serve answers on a unix socket's listener until ctx is done, lets requests
// under way come to their end for at most 5 s, closes the listener, and returns nil.
// Any other end is an error.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	limits := s.Limits.withDefaults()
	judge := s.judge
	if judge == nil {
		judge = func(peer Peer) bool { return s.roles().Of(peer) > Stranger }
	}
	server := &http.Server{
		Handler:           s.handler(),
		ConnContext:       withPeer,
		ReadHeaderTimeout: limits.Read,
		ReadTimeout:       limits.Read,
		WriteTimeout:      limits.Write,
		IdleTimeout:       limits.Idle,
		MaxHeaderBytes:    maxHeader,

		DisableGeneralOptionsHandler: true, // it would answer in its own way
		ErrorLog:                     slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	stopped := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(stopped)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if server.Shutdown(grace) != nil {
			server.Close()
		}
	})
	err := server.Serve(&guard{Listener: listener, judge: judge, log: s.Log, now: s.now,
		slots: make(chan struct{}, limits.Connections)})
	if errors.Is(err, http.ErrServerClosed) {
		<-stopped
		return nil
	}
	unhook()
	server.Close()
	return err
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}
