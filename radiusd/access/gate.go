package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"vpn-otpd/store"
)

// Store is what the gate needs of the store.
type Store interface {
	Update(ctx context.Context, apply func(*store.Tx) error) error
	Account(ctx context.Context, name string) (account store.Account, found bool, err error)
	View(ctx context.Context, read func(*store.Tx) error) error
	OpenSecret(device store.Device) ([]byte, error)
	OpenPending(e store.Enrollment) ([]byte, error)
	MAC(purpose store.Purpose, parts ...[]byte) []byte
}

// Gate decides who may pass. Its methods may be used in parallel.
type Gate struct {
	store    Store
	first    FirstFactor
	logger   *slog.Logger
	now      func() time.Time
	random   io.Reader
	settings atomic.Pointer[Settings]
	throttle throttle
	tickets  ticketThrottle
	refusals refusals
	counters counters
	witness  Witness
	probing  atomic.Bool // a probe reads the store
}

// Witness hears of each code of a device that was accepted: its step, the
// device's period in seconds, and when by our clock.
type Witness func(user string, step int64, period int, at time.Time)

// Options of a gate; the zero value of each field will do.
type Options struct {
	Logger  *slog.Logger
	Now     func() time.Time
	Random  io.Reader
	Witness Witness
}

// NewGate makes a gate over a store and a first factor.
func NewGate(s Store, first FirstFactor, settings Settings, options Options) *Gate {
	g := &Gate{
		store: s, first: first,
		logger: options.Logger, now: options.Now, random: options.Random,
		throttle: newThrottle(),
		tickets:  newTicketThrottle(),
	}
	if g.logger == nil {
		g.logger = slog.New(slog.DiscardHandler)
	}
	if g.now == nil {
		g.now = time.Now
	}
	if g.random == nil {
		g.random = rand.Reader
	}
	if g.witness = options.Witness; g.witness == nil {
		g.witness = func(string, int64, int, time.Time) {}
	}
	g.Set(settings)
	return g
}

// Set changes the rules. Logins under way are decided by the rules they began with.
func (g *Gate) Set(settings Settings) { g.settings.Store(&settings) }

// login is one request on its way through the gate.
type login struct {
	Request
	id       string
	settings *Settings
	asked    string // canonical form of the typed name
	user     string // canonical name that counts
	// identified is the user that identify found; a State may be of another.
	identified string
	identity   Identity // what else the first factor said
	stateID    []byte   // the State that is answered; nil on a new login
	field      field
	alarm      bool // it ended in a lock
	drifts     bool // the code was right at another time
	accepted   match
}

// Check decides. An error means that no answer may be sent; it is one of
// ErrBusy, ErrBackend and ErrStore.
func (g *Gate) Check(ctx context.Context, r Request) (Decision, error) {
	l := &login{Request: r, id: rand.Text()[:13], settings: g.settings.Load()}
	began := time.Now()
	decision, err := g.check(ctx, l)
	if err != nil {
		err = withCause(err)
		g.counters.silences.Add(1)
		g.logSilence(l, err)
		return Decision{}, err
	}
	g.counters.decision(l, decision, time.Since(began))
	g.logDecision(l, decision)
	return decision, nil
}

func (g *Gate) check(ctx context.Context, l *login) (Decision, error) {
	refused, err := g.identify(ctx, l)
	if err != nil {
		return Decision{}, err
	}
	if refused != "" {
		return g.refuseUnidentified(ctx, l, refused)
	}
	return g.commit(ctx, l)
}

// withCause makes an error one of those that Check promises.
func withCause(err error) error {
	if errors.Is(err, ErrBusy) || errors.Is(err, ErrBackend) || errors.Is(err, ErrStore) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrStore, err)
}

// identify finds out who asks, by the State or by the first factor. It returns
// why it could not, for a stranger.
func (g *Gate) identify(ctx context.Context, l *login) (refused Reason, err error) {
	if l.asked, err = l.settings.Names.Canonicalize(l.UserName); err != nil {
		return NameInvalid, nil
	}
	l.user, l.identified = l.asked, l.asked
	if l.State != "" {
		return g.resume(l), nil
	}
	if l.Known != nil {
		if l.Client.Mode != ModeWeb {
			return "", fmt.Errorf("%w: only the page knows users by another sign-in", ErrBackend)
		}
		return "", l.takeIdentity(*l.Known)
	}
	var account store.Account
	if l.Client.Mode == ModeAppend { // its devices say where the code begins
		if account, _, err = g.store.Account(ctx, l.asked); err != nil {
			return "", err
		}
	}
	asked := standingOf(l.settings, l.Client, account).asks
	l.field = split(l.Client.Mode, l.Password, account, asked)
	if l.Client.Mode == ModeCode { // the client has checked the first factor
		return "", nil
	}
	return g.firstFactor(ctx, l)
}

// resume takes the field for the answer to a challenge.
func (g *Gate) resume(l *login) Reason {
	id, ok := readState(g.store, l.State)
	if !ok {
		return StateInvalid
	}
	l.stateID = id
	l.field = field{code: string(l.Password)}
	return ""
}

// firstFactor asks for the password, unless too many were wrong. The name that
// the backend returns is the one that counts from here on.
func (g *Gate) firstFactor(ctx context.Context, l *login) (Reason, error) {
	limits := l.settings.Throttle.limits(l.asked, l.Client.Name, sourceOf(l.CallingStation))
	try, allowed, err := g.throttle.begin(ctx, l.settings.Throttle, g.now, limits)
	if err != nil {
		return "", err
	}
	if !allowed {
		return Throttled, nil
	}
	wrong := false
	defer func() { // also when a backend panics, or the name would wait for ever
		try.end(wrong, g.store.MAC(store.PurposeField, []byte(l.asked), l.field.password), g.now())
	}()
	identity, err := g.first.Verify(ctx, Question{Name: l.asked, Password: l.field.password,
		Client: l.Client.Name, NASIdentifier: l.NASIdentifier, CallingStation: l.CallingStation})
	wrong = errors.Is(err, ErrUserUnknown) || errors.Is(err, ErrPasswordWrong)
	switch {
	case errors.Is(err, ErrUserUnknown):
		return UserUnknown, nil
	case wrong:
		return PasswordWrong, nil
	case errors.Is(err, ErrPasswordExpired):
		return PasswordExpired, nil
	case errors.Is(err, ErrAccountLocked):
		return AccountLocked, nil
	case err != nil && !errors.Is(err, ErrBusy) && !errors.Is(err, ErrStore):
		return "", fmt.Errorf("%w: %w", ErrBackend, err)
	case err != nil:
		return "", err
	}
	return "", l.takeIdentity(identity)
}

// takeIdentity goes on with who the first factor says it is.
func (l *login) takeIdentity(identity Identity) (err error) {
	if l.user, err = l.settings.Names.Canonicalize(identity.Name); err != nil {
		return fmt.Errorf("%w: it returned a name that can't be: %w", ErrBackend, err)
	}
	l.identified, l.identity = l.user, identity
	return nil
}
