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
	UpdateUser(ctx context.Context, user string, apply func(*store.Tx) error) error
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
	former   FirstFactor // the server that users move away from; nil: none
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
	// Former checks both factors of users who were never enrolled here, until
	// Settings.MigrateUntil.
	Former  FirstFactor
	Logger  *slog.Logger
	Now     func() time.Time
	Random  io.Reader
	Witness Witness
}

// NewGate makes a gate over a store and a first factor.
func NewGate(s Store, first FirstFactor, settings Settings, options Options) *Gate {
	g := &Gate{
		store: s, first: first, former: options.Former,
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
func (g *Gate) Set(settings Settings) {
	settings.prepare()
	g.settings.Store(&settings)
}

// login is one request on its way through the gate.
type login struct {
	Request
	id       string
	settings *Settings
	asked    string // canonical form of the typed name
	user     string // canonical name that counts
	// identified is the user that identify found; a State may be of another.
	identified string
	stateID    []byte // the State of ours that is answered; nil on a new login
	carried    carried
	told       bool // a first factor said what is carried
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
	if asking := (*Asking)(nil); errors.As(err, &asking) {
		return g.relay(ctx, l, asking)
	}
	if repeated := (*repeatedError)(nil); errors.As(err, &repeated) {
		return repeated.decision, nil
	}
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
	l.carried = carried{Source: sourceOf(l.CallingStation), NAS: l.NASIdentifier}
	l.Client.Mode = modeAt(l.settings, l.carried.subject(l.Client, g.now()))
	if l.State != "" {
		return g.resume(ctx, l)
	}
	if l.Known != nil {
		if l.Client.Mode != ModeWeb {
			return "", fmt.Errorf("%w: only the page knows users by another sign-in", ErrBackend)
		}
		return "", l.takeIdentity(*l.Known)
	}
	if err := g.readField(ctx, l); err != nil {
		return "", err
	}
	if l.Client.Mode == ModeCode && !l.carried.Former { // the client has checked the first factor
		return "", g.lookUp(ctx, l)
	}
	if err := g.repeated(ctx, l); err != nil {
		return "", err
	}
	return g.firstFactor(ctx, l, nil)
}

// readField finds the password and the code in the field. Who is left to the
// former server has both of them for that one.
func (g *Gate) readField(ctx context.Context, l *login) (err error) {
	var account store.Account
	migrating := g.migrating(l)
	if l.Client.Mode == ModeAppend || migrating { // its devices say where the code begins
		if account, err = g.accountWithCodes(ctx, l.asked, migrating); err != nil {
			return err
		}
	}
	asked := standingOf(l.settings, l.carried.subject(l.Client, g.now()), account).asks
	if migrating && asked && !account.EverEnrolled && len(account.Devices)+account.TemporaryCodes == 0 {
		l.carried.Former = true
		l.field = field{password: l.Password}
		return nil
	}
	l.field = split(l.Client.Mode, l.Password, account, asked)
	return nil
}

func (g *Gate) accountWithCodes(ctx context.Context, name string, codes bool) (account store.Account, err error) {
	err = g.store.View(ctx, func(tx *store.Tx) error {
		if account, _, err = tx.Account(name); err == nil && codes {
			account.TemporaryCodes, _, err = tx.TemporaryCodesLeft(name)
		}
		return err
	})
	return account, err
}

// migrating reports whether users who were never enrolled are left to another
// server at this client.
func (g *Gate) migrating(l *login) bool {
	return g.former != nil && l.Client.Name != WebClient && l.settings.MigrateUntil.After(g.now())
}

// lookUp asks for the groups of a user whose password the client has checked.
func (g *Gate) lookUp(ctx context.Context, l *login) error {
	directory, ok := g.first.(Directory)
	if !ok || !l.settings.Directory || len(l.settings.Groups) == 0 || l.Client.Name == WebClient {
		return nil
	}
	identity, err := directory.Lookup(ctx, l.asked)
	if errors.Is(err, ErrUserUnknown) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBackend, err)
	}
	return l.takeIdentity(identity)
}

// resume takes the field for the answer to a challenge.
func (g *Gate) resume(ctx context.Context, l *login) (Reason, error) {
	if len(l.settings.Rules) > 0 && l.Client.Mode != ModeWeb { // the rule that said so may need what an answer lacks
		l.Client.Mode = ModeChallenge
	}
	id, kind, ok := readState(g.store, l.State)
	switch {
	case !ok:
		return StateInvalid, nil
	case kind == stateOfRelay:
		return g.answerRelay(ctx, l, id)
	}
	l.stateID = id
	l.field = field{code: string(l.Password)}
	return "", nil
}

// firstFactor asks for the password, unless too many were wrong. The name that
// the backend returns is the one that counts from here on. token is that of a
// question of the backend's own which this answers.
func (g *Gate) firstFactor(ctx context.Context, l *login, token []byte) (Reason, error) {
	limits := l.settings.Throttle.limits(l.asked, l.Client.Name, sourceOf(l.CallingStation))
	field := string(g.store.MAC(store.PurposeField, []byte(l.asked), l.field.password, token))
	try, err := g.throttle.begin(ctx, l.settings.Throttle, g.now, limits, field)
	switch {
	case errors.Is(err, errThrottled):
		return Throttled, nil
	case errors.Is(err, errSameField):
		return PasswordWrong, nil
	case err != nil:
		return "", err
	}
	failures, wrong := 0, false
	// Also when a backend panics, or the name would wait for ever.
	defer func() { try.end(failures, wrong, g.now()) }()
	first := g.first
	if l.carried.Former {
		first = g.former
	}
	if first == nil {
		return "", fmt.Errorf("%w: the server that users move away from is not configured any more", ErrBackend)
	}
	identity, err := first.Verify(ctx, Question{Name: l.asked, Password: l.field.password, Token: token,
		Client: l.Client.Name, NASIdentifier: l.NASIdentifier, CallingStation: l.CallingStation})
	wrong = errors.Is(err, ErrUserUnknown) || errors.Is(err, ErrPasswordWrong)
	switch asks := errors.As(err, new(*Asking)); {
	case wrong && token == nil, asks && token == nil: // a question counts until it is answered rightly
		failures = 1
	case err == nil && token != nil:
		failures = -1
	}
	switch {
	case errors.Is(err, ErrUserUnknown):
		return UserUnknown, nil
	case wrong:
		return PasswordWrong, nil
	case errors.Is(err, ErrPasswordExpired):
		return PasswordExpired, nil
	case errors.Is(err, ErrAccountLocked):
		return AccountLocked, nil
	case errors.As(err, new(*Asking)):
		return "", err
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
	l.identified, l.told = l.user, true
	l.carried.Attributes = identity.Attributes
	l.carried.Groups, l.carried.GroupsKnown = l.settings.named(identity.Groups), identity.GroupsKnown
	return nil
}
