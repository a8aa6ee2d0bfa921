package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"vpn-otpd/store"
)

// AccountStore is what Accounts needs of the store.
type AccountStore interface {
	Store
	Accounts(ctx context.Context, after string, limit int) ([]store.Account, error)
	Summaries(ctx context.Context, after string, limit int) ([]store.Summary, error)
	Progresses(ctx context.Context, after string, limit int) ([]store.Progress, error)
	FullAccount(ctx context.Context, name string) (account store.Account, found bool, err error)
}

// Accounts is what administrators do to users. Each change and its audit record
// are one transaction; what is refused comes back as a *Refusal.
type Accounts struct {
	store AccountStore
	gate  *Gate // for its rules
	hash  func(password []byte) (string, error)
}

// NewAccounts makes Accounts over a store that go by the gate's rules; hash
// makes the hash of a password.
func NewAccounts(s AccountStore, gate *Gate, hash func([]byte) (string, error)) *Accounts {
	return &Accounts{store: s, gate: gate, hash: hash}
}

// Events of the audit log for changes.
const (
	EventUserAdded     = "user_added"
	EventUserDeleted   = "user_deleted"
	EventUserDisabled  = "user_disabled"
	EventUserEnabled   = "user_enabled"
	EventPasswordSet   = "password_set"
	EventPolicySet     = "policy_set"
	EventDeviceAdded   = "device_added"
	EventDeviceRemoved = "device_removed"
	EventReset         = "reset"
	EventUnlocked      = "unlocked"
	EventCodeGiven     = "temporary_code_given"
	EventRecoveryCodes = "recovery_codes_made"
	EventTicketMade    = "ticket_made" // an invitation
	EventForgotten     = "logins_forgotten"

	// By the users themselves.
	EventDeviceReplaced = "device_replaced"
	EventFirstUseBegun  = "first_use_begun"
	EventTicketOpened   = "ticket_opened"
	EventTicketOther    = "ticket_other_browser" // a second browser brought it
)

// told are the events of Accounts that the user is told.
var told = map[string]bool{
	EventPasswordSet: true, EventUserDisabled: true, EventDeviceAdded: true, EventDeviceRemoved: true,
	EventUserDeleted: true, EventReset: true, EventUnlocked: true, EventCodeGiven: true, EventRecoveryCodes: true, EventTicketMade: true,
}

func refused(kind RefusalKind, format string, arguments ...any) *Refusal {
	return &Refusal{Kind: kind, Text: fmt.Sprintf(format, arguments...)}
}

// Canonical is the name that is meant by a typed one. A name that can't be one
// is a *Refusal.
func (a *Accounts) Canonical(name string) (string, error) {
	canonical, err := a.gate.settings.Load().Names.Canonicalize(name)
	if err != nil {
		return "", refused(RefusedInvalid, "%v", err)
	}
	return canonical, nil
}

// change runs one change of an account that exists, with its audit record, and
// tells the user where that is due.
func (a *Accounts) change(ctx context.Context, actor store.Actor, name, event string,
	apply func(tx *store.Tx, account store.Account) (detail string, err error)) error {
	return a.changeDevice(ctx, actor, name, event, "", apply)
}

// changeDevice is change for what is done to one device.
func (a *Accounts) changeDevice(ctx context.Context, actor store.Actor, name, event, device string,
	apply func(tx *store.Tx, account store.Account) (detail string, err error)) error {
	canonical, err := a.Canonical(name)
	if err != nil {
		return err
	}
	settings := a.gate.settings.Load()
	return a.store.Update(ctx, func(tx *store.Tx) error {
		account, found, err := tx.Account(canonical)
		if err != nil {
			return err
		}
		if !found {
			return refused(RefusedMissing, "no user %q", canonical)
		}
		if err := settleResetByHand(tx, settings, account); err != nil {
			return err
		}
		detail, err := apply(tx, account)
		if err != nil {
			return err
		}
		if told[event] {
			if err := settings.tell(tx, store.Notice{User: canonical, Event: event, Device: device, Actor: whoDid(actor)}); err != nil {
				return err
			}
		}
		return tx.Audit(store.Record{Event: event, User: canonical, Actor: actor, Detail: detail})
	})
}

// whoDid names an actor to the user; a local user whose name isn't known is
// somebody all the same.
func whoDid(actor store.Actor) string {
	if actor.Name == "" {
		return fmt.Sprintf("uid %d", actor.UID)
	}
	return actor.Name
}

// AddUser makes an account and returns its canonical name. A nil password makes
// one without: another first factor knows it.
func (a *Accounts) AddUser(ctx context.Context, actor store.Actor, name string, password []byte) (string, error) {
	canonical, err := a.Canonical(name)
	if err != nil {
		return "", err
	}
	hash, err := a.hashPassword(password)
	if err != nil {
		return "", err
	}
	return canonical, a.store.Update(ctx, func(tx *store.Tx) error {
		added, err := tx.AddAccount(canonical)
		if err != nil {
			return err
		}
		if !added {
			return refused(RefusedExists, "user %q exists already", canonical)
		}
		if err := tx.SetPasswordHash(canonical, hash); err != nil {
			return err
		}
		return tx.Audit(store.Record{Event: EventUserAdded, User: canonical, Actor: actor})
	})
}

// MaxPasswordLength is what a RADIUS User-Password can carry (RFC 2865 5.2), in octets.
const MaxPasswordLength = 128

func (a *Accounts) hashPassword(password []byte) (string, error) {
	switch {
	case password == nil:
		return "", nil
	case len(password) == 0:
		return "", refused(RefusedInvalid, "the password is empty")
	case len(password) > MaxPasswordLength:
		return "", refused(RefusedInvalid, "the password has %d octets; RADIUS carries %d", len(password), MaxPasswordLength)
	case password[len(password)-1] == 0:
		return "", refused(RefusedInvalid, "the password ends in a NUL, which RADIUS takes for padding")
	}
	return a.hash(password)
}

// SetPassword changes the local password and ends the user's sessions.
func (a *Accounts) SetPassword(ctx context.Context, actor store.Actor, name string, password []byte) error {
	if password == nil {
		password = []byte{}
	}
	hash, err := a.hashPassword(password)
	if err != nil {
		return err
	}
	return a.change(ctx, actor, name, EventPasswordSet, func(tx *store.Tx, account store.Account) (string, error) {
		return "", errors.Join(tx.SetPasswordHash(account.Name, hash), tx.RaiseEpoch(account.Name))
	})
}

// Summaries returns what a list shows of at most limit users whose names come
// after a name, by name.
func (a *Accounts) Summaries(ctx context.Context, after string, limit int) ([]store.Summary, error) {
	return a.store.Summaries(ctx, after, limit)
}

// Users returns at most limit users whose names come after a name, by name.
func (a *Accounts) Users(ctx context.Context, after string, limit int) ([]store.Account, error) {
	return a.store.Accounts(ctx, after, limit)
}

// User returns one user with all that is known.
func (a *Accounts) User(ctx context.Context, name string) (store.Account, error) {
	canonical, err := a.Canonical(name)
	if err != nil {
		return store.Account{}, err
	}
	account, found, err := a.store.FullAccount(ctx, canonical)
	if err == nil && !found {
		err = refused(RefusedMissing, "no user %q", canonical)
	}
	return account, err
}

// SetDisabled lets a user in no more, or again.
func (a *Accounts) SetDisabled(ctx context.Context, actor store.Actor, name string, disabled bool) error {
	event := EventUserEnabled
	if disabled {
		event = EventUserDisabled
	}
	return a.change(ctx, actor, name, event, func(tx *store.Tx, account store.Account) (string, error) {
		return "", errors.Join(tx.SetDisabled(account.Name, disabled), tx.RaiseEpoch(account.Name))
	})
}

// DeleteUser removes the account and everything but its audit records.
func (a *Accounts) DeleteUser(ctx context.Context, actor store.Actor, name string) error {
	return a.change(ctx, actor, name, EventUserDeleted, func(tx *store.Tx, account store.Account) (string, error) {
		_, err := tx.DeleteAccount(account.Name)
		return "", err
	})
}

// Unlock lifts the lock of the second factor.
func (a *Accounts) Unlock(ctx context.Context, actor store.Actor, name string) error {
	return a.change(ctx, actor, name, EventUnlocked, func(tx *store.Tx, account store.Account) (string, error) {
		return "", tx.SetLock(account.Name, store.Lock{})
	})
}

// Reset removes the whole enrollment: devices, recovery and temporary codes,
// the lock, and whatever session is open.
func (a *Accounts) Reset(ctx context.Context, actor store.Actor, name string) error {
	return a.change(ctx, actor, name, EventReset, func(tx *store.Tx, account store.Account) (string, error) {
		removed, err := tx.RemoveDevices(account.Name)
		return fmt.Sprintf("devices=%d", removed), errors.Join(err,
			tx.ReplaceRecoveryCodes(account.Name, nil),
			tx.RemoveTemporaryCodes(account.Name),
			tx.RemoveStates(account.Name),
			tx.SetLock(account.Name, store.Lock{}),
			tx.SetReset(account.Name),
			endAllElse(tx, account.Name))
	})
}

// Bounds of temporary codes.
const (
	MaxCodeLifetime = 30 * 24 * time.Hour
	MaxCodeUses     = 100

	// Of those that the helpdesk gives.
	MaxHelpdeskCodeLifetime = 24 * time.Hour
	MaxHelpdeskCodeUses     = 3
)

// GiveCode makes a temporary code that is valid for some time and uses. One of
// the helpdesk's has narrower bounds, and is never valid in ModeCode, where it
// would be all that stands between a caller and the network.
func (a *Accounts) GiveCode(ctx context.Context, actor store.Actor, name string, valid time.Duration, uses int, helpdesk bool) (code string, expires time.Time, err error) {
	longest, most := MaxCodeLifetime, MaxCodeUses
	if helpdesk {
		longest, most = MaxHelpdeskCodeLifetime, MaxHelpdeskCodeUses
	}
	if valid < time.Minute || valid > longest {
		return "", time.Time{}, refused(RefusedInvalid, "a temporary code lives between 1m and %s", longest)
	}
	if uses < 1 || uses > most {
		return "", time.Time{}, refused(RefusedInvalid, "a temporary code has between 1 and %d uses", most)
	}
	if code, err = newLetterCode(a.gate.random); err != nil {
		return "", time.Time{}, fmt.Errorf("drawing a code: %w", err)
	}
	err = a.change(ctx, actor, name, EventCodeGiven, func(tx *store.Tx, account store.Account) (string, error) {
		expires = tx.Now().Add(valid)
		return fmt.Sprintf("uses=%d until=%s", uses, expires.UTC().Format(time.RFC3339)),
			tx.AddTemporaryCode(account.Name, store.TemporaryCode{
				MAC: codeMAC(a.store, account.Name, code), Uses: uses, ExpiresAt: expires, Helpdesk: helpdesk,
			})
	})
	return code, expires, err
}

// NewRecoveryCodes makes ten new recovery codes; the old ones are void.
func (a *Accounts) NewRecoveryCodes(ctx context.Context, actor store.Actor, name string) (codes []string, err error) {
	canonical, err := a.Canonical(name)
	if err != nil {
		return nil, err
	}
	codes, macs, err := a.gate.newRecoveryCodes(canonical)
	if err != nil {
		return nil, err
	}
	err = a.change(ctx, actor, name, EventRecoveryCodes, func(tx *store.Tx, account store.Account) (string, error) {
		if len(account.Devices) == 0 {
			return "", refused(RefusedRule, "user %q has no device: recovery codes stand in for one", account.Name)
		}
		return "", keepRecovery(tx, account.Name, macs)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// maxLabelLength is the most octets that a label has.
const maxLabelLength = 64

func labelFault(label string) *Refusal {
	if label == "" || len(label) > maxLabelLength || label != strings.TrimSpace(label) || strings.ContainsFunc(label, forbidden) {
		return refused(RefusedInvalid, "a label is 1 to 64 octets of text without control characters and surrounding blanks")
	}
	return nil
}
