package access

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
)

const (
	// pendingLifetime is how long a secret that is shown can be confirmed.
	pendingLifetime = 10 * time.Minute
	// freshLifetime is how long a fresh code counts for one change.
	freshLifetime = 5 * time.Minute
	// clockSearch is how many steps beyond the window a code is looked for, to
	// tell a user that the phone's clock is wrong.
	clockSearch = 20
)

// Enroller is how users change their own enrollment. Each change is checked and
// written in one transaction, with its audit record. Its methods may be used in
// parallel; what isn't done comes back as an [EnrollmentFault].
type Enroller struct{ gate *Gate }

// NewEnroller makes an Enroller that goes by the gate's rules.
func NewEnroller(gate *Gate) *Enroller { return &Enroller{gate} }

// holder looks at the user of a pass; a pass that doesn't count any more is
// FaultSession.
func (e *Enroller) holder(tx *store.Tx, pass Pass) (store.Account, error) {
	account, known, err := tx.Account(pass.User)
	if err != nil {
		return store.Account{}, err
	}
	if !known {
		account = store.Account{Name: pass.User, Policy: store.PolicyDefault}
	}
	if pass.User == "" || account.Epoch != pass.Epoch || account.Disabled {
		return store.Account{}, FaultSession
	}
	return account, nil
}

// mayEnroll is holder, where two-factor isn't off.
func (e *Enroller) mayEnroll(tx *store.Tx, pass Pass) (*Settings, store.Account, error) {
	settings := e.gate.settings.Load()
	account, err := e.holder(tx, pass)
	if err == nil && settings.Policy.Disabled() {
		err = FaultDisabled
	}
	return settings, account, err
}

// Standing says how the user of a pass stands.
func (e *Enroller) Standing(ctx context.Context, pass Pass, from netip.Addr) (s Standing, err error) {
	const shown = 20
	settings := e.gate.settings.Load()
	err = e.gate.store.View(ctx, func(tx *store.Tx) error {
		if s.Account, err = e.holder(tx, pass); err != nil {
			return err
		}
		s.Policy = settings.standingFor(s.Account)
		s.MayRemove = s.Policy == StandingOptional
		if s.Policy == StandingEnforced && len(s.Account.Devices) == 0 {
			s.EnrollBy = settings.FirstUse.grace(s.Account, tx.Now())
			s.Closed = settings.FirstUse.closed(s.Account, from, tx.Now())
		}
		if s.Account.RecoveryCodes, err = tx.RecoveryCodesLeft(pass.User); err != nil {
			return err
		}
		if s.Records, err = tx.RecentRecords(pass.User, shown); err != nil {
			return err
		}
		s.Refusals, err = tx.RecentRefusals(pass.User, shown)
		return err
	})
	return s, err
}

// standingFor is the policy for a user who isn't at any client: what one client
// enforces is enforced.
func (s *Settings) standingFor(account store.Account) StandingPolicy {
	switch standing := standingOf(s, Client{RequireAlways: s.EnforcedSomewhere}, account); {
	case !standing.asks && standing.reason == TwoFactorDisabled:
		return StandingDisabled
	case standing.requires:
		return StandingEnforced
	}
	return StandingOptional
}

// OpenTicket opens the enrollment that a ticket was made for, for the first
// browser that brings it; held is the pass that this browser has already.
func (e *Enroller) OpenTicket(ctx context.Context, typed string, held Pass, from netip.Addr) (pass Pass, err error) {
	g := e.gate
	settings := g.settings.Load()
	mac, ok := ticketMAC(g.store, typed)
	if !ok {
		return Pass{}, FaultTicketUnknown
	}
	try, allowed, err := g.tickets.begin(ctx, settings.Throttle, g.now, from)
	if err != nil {
		return Pass{}, err
	}
	if !allowed {
		g.logger.Warn("tickets are tried too often", "address", addressText(from))
		return Pass{}, FaultThrottled
	}
	var fault error
	defer func() { try.end(fault == FaultTicketUnknown, mac, g.now()) }()
	err = g.store.Update(ctx, func(tx *store.Tx) error {
		pass, fault, err = e.openTicket(tx, mac, held, from)
		return err
	})
	if err != nil {
		return Pass{}, err
	}
	if fault != nil {
		g.logger.Warn("ticket refused", "fault", fault, "user", pass.User, "address", addressText(from))
		return Pass{}, fault
	}
	return pass, nil
}

// openTicket returns a fault apart from an error: what a fault leaves behind is kept.
func (e *Enroller) openTicket(tx *store.Tx, mac []byte, held Pass, from netip.Addr) (pass Pass, fault, err error) {
	settings := e.gate.settings.Load()
	enrollment, found, err := tx.EnrollmentByTicket(mac)
	if err != nil {
		return Pass{}, nil, err
	}
	if !found {
		return Pass{}, FaultTicketUnknown, e.gate.countRefusal(tx, e.webLogin(from), TicketUnknown, "")
	}
	pass = Pass{User: enrollment.User, Epoch: enrollment.Epoch, Kind: enrollment.Kind, Enrollment: enrollment.ID}
	if _, err := e.holder(tx, pass); err != nil {
		if FaultOf(err) != "" {
			return Pass{}, FaultTicketUnknown, nil
		}
		return Pass{}, nil, err
	}
	if settings.Policy.Disabled() {
		return pass, FaultDisabled, nil
	}
	won, err := tx.OpenEnrollment(enrollment)
	if err != nil {
		return Pass{}, nil, err
	}
	record := store.Record{Event: EventTicketOpened, User: pass.User, CallingStation: addressText(from), Actor: nobody,
		Detail: "kind=" + string(enrollment.Kind)}
	switch {
	case won:
		return pass, nil, tx.Audit(record)
	case held.User == pass.User && bytes.Equal(held.Enrollment, enrollment.ID):
		return pass, nil, nil
	case enrollment.Contested: // it was told before
		return pass, FaultTicketOther, nil
	}
	record.Event = EventTicketOther
	if err := tx.ContestEnrollment(enrollment); err != nil {
		return Pass{}, nil, err
	}
	notice := store.Notice{User: pass.User, Event: EventTicketOther, Address: addressText(from), Actor: "unknown"}
	if err := settings.tell(tx, notice); err != nil {
		return Pass{}, nil, err
	}
	return pass, FaultTicketOther, tx.Audit(record)
}

// webLogin stands for a request of the page where something is counted.
func (e *Enroller) webLogin(from netip.Addr) *login {
	return &login{Request: Request{Client: Client{Name: WebClient}, CallingStation: addressText(from)}}
}

// addressText is the address of a browser, "" where it isn't known.
func addressText(from netip.Addr) string {
	if !from.IsValid() {
		return ""
	}
	return from.String()
}

// Begin begins the enrollment of a device by a user who is signed in; replaces
// is the label of the one that goes, "" for one more. The first device needs no
// fresh code, where first use is open.
func (e *Enroller) Begin(ctx context.Context, pass Pass, replaces string, from netip.Addr) (Pass, error) {
	err := e.gate.store.Update(ctx, func(tx *store.Tx) error {
		settings, account, err := e.mayEnroll(tx, pass)
		if err != nil {
			return err
		}
		if pass.Kind != store.EnrollmentSession {
			return FaultSession
		}
		if fault := e.mayBegin(tx, settings, account, pass, replaces, from); fault != "" {
			return fault
		}
		enrollment := settings.newEnrollment(account, store.EnrollmentSession)
		enrollment.Label, enrollment.Replaces, enrollment.ExpiresAt = replaces, replaces, tx.Now().Add(pendingLifetime)
		enrollment.ID = make([]byte, enrollmentIDSize)
		if _, err := io.ReadFull(e.gate.random, enrollment.ID); err != nil {
			return fmt.Errorf("drawing an enrollment: %w", err)
		}
		if pass.Enrollment != nil { // this session's earlier one
			if _, err := tx.TakeEnrollment(pass.User, pass.Enrollment); err != nil {
				return err
			}
		}
		pass.Enrollment = enrollment.ID
		return tx.AddEnrollment(enrollment)
	})
	if err != nil {
		return Pass{}, err
	}
	pass.Fresh = time.Time{}
	return pass, nil
}

func (e *Enroller) mayBegin(tx *store.Tx, settings *Settings, account store.Account, pass Pass, replaces string, from netip.Addr) EnrollmentFault {
	switch {
	case replaces != "" && !hasDevice(account, replaces):
		return FaultNoDevice
	case replaces == "" && len(account.Devices) >= MaxDevices:
		return FaultTooMany
	case len(account.Devices) > 0 && !pass.Fresh.After(tx.Now()):
		return FaultFresh
	case len(account.Devices) == 0 && settings.standingFor(account) == StandingEnforced &&
		settings.FirstUse.closed(account, from, tx.Now()) != "":
		return FaultClosed
	}
	return ""
}

func hasDevice(account store.Account, label string) bool {
	for _, device := range account.Devices {
		if device.Label == label {
			return true
		}
	}
	return false
}

// Pending returns the enrollment of a pass with its secret, which is drawn when
// it is first asked for.
func (e *Enroller) Pending(ctx context.Context, pass Pass) (p Pending, err error) {
	var enrollment store.Enrollment
	var drawn bool
	err = e.gate.store.View(ctx, func(tx *store.Tx) error {
		enrollment, drawn, err = e.pending(tx, pass)
		return err
	})
	if err == nil && !drawn {
		err = e.gate.store.Update(ctx, func(tx *store.Tx) error {
			if enrollment, drawn, err = e.pending(tx, pass); err != nil || drawn {
				return err
			}
			enrollment, err = e.gate.drawSecret(tx, enrollment, tx.Now().Add(pendingLifetime))
			return err
		})
	}
	if err != nil {
		return Pending{}, err
	}
	secret, err := e.gate.store.OpenPending(enrollment)
	if err != nil {
		return Pending{}, err
	}
	return Pending{
		Kind: enrollment.Kind, User: enrollment.User, Secret: totp.FormatSecret(secret),
		URI:    totp.URI(e.gate.settings.Load().Issuer, enrollment.User, keyOf(enrollment, secret)),
		Digits: enrollment.Digits, Label: enrollment.Label, Replaces: enrollment.Replaces,
		Confirmed: enrollment.ConfirmedStep > 0, ExpiresAt: e.secretEnd(enrollment),
	}, nil
}

// pending finds the enrollment of a pass; drawn says whether its secret is there
// and counts.
func (e *Enroller) pending(tx *store.Tx, pass Pass) (enrollment store.Enrollment, drawn bool, err error) {
	_, account, err := e.mayEnroll(tx, pass)
	if err != nil {
		return store.Enrollment{}, false, err
	}
	enrollment, found, err := tx.Enrollment(account.Name, pass.Enrollment)
	if err != nil {
		return store.Enrollment{}, false, err
	}
	if !found || enrollment.Epoch != pass.Epoch {
		return store.Enrollment{}, false, FaultExpired
	}
	return enrollment, enrollment.Sealed != nil && e.secretEnd(enrollment).After(tx.Now()), nil
}

// secretEnd is until when a secret counts. That of a first use lives as long as
// the login that waits for it.
func (e *Enroller) secretEnd(enrollment store.Enrollment) time.Time {
	if enrollment.Kind == store.EnrollmentInvitation && enrollment.SecretUntil.Before(enrollment.ExpiresAt) {
		return enrollment.SecretUntil
	}
	return enrollment.ExpiresAt
}

// Confirm takes the first code of a new device. From then on the device counts,
// and the code is spent; but what a first use's ticket opened waits for the
// answer to its State: a prompt travels in clear text, and who reads it must not
// be able to enroll.
func (e *Enroller) Confirm(ctx context.Context, pass Pass, code, label string, from netip.Addr) (c Confirmed, err error) {
	codes, macs, err := e.gate.newRecoveryCodes(pass.User)
	if err != nil {
		return Confirmed{}, err
	}
	err = e.gate.store.Update(ctx, func(tx *store.Tx) error {
		c, err = e.confirm(tx, pass, code, label, from, macs)
		return err
	})
	if err != nil {
		return Confirmed{}, err
	}
	if c.RecoveryCodes != nil {
		c.RecoveryCodes = codes
	}
	return c, nil
}

// confirm returns non-nil RecoveryCodes where macs were kept.
func (e *Enroller) confirm(tx *store.Tx, pass Pass, code, label string, from netip.Addr, macs []byte) (Confirmed, error) {
	enrollment, drawn, err := e.pending(tx, pass)
	if err != nil {
		return Confirmed{}, err
	}
	if !drawn {
		return Confirmed{}, FaultExpired
	}
	account, err := e.holder(tx, pass)
	if err != nil {
		return Confirmed{}, err
	}
	step, field, err := e.matchFirstCode(tx, enrollment, code)
	if err != nil {
		return Confirmed{}, err
	}
	if enrollment.Label, err = chooseLabel(account, enrollment, label); err != nil {
		return Confirmed{}, err
	}
	left, err := tx.RecoveryCodesLeft(account.Name)
	if err != nil {
		return Confirmed{}, err
	}
	c := Confirmed{Label: enrollment.Label}
	if left == 0 && enrollment.Recovery == nil {
		enrollment.Recovery, c.RecoveryCodes = macs, []string{}
	}
	if enrollment.Kind == store.EnrollmentFirstUse {
		enrollment.ConfirmedStep, enrollment.ConfirmedField = step, field
		c.Pass, c.Waiting = pass, true
		return c, tx.ConfirmEnrollment(enrollment)
	}
	if len(account.Devices) >= MaxDevices && enrollment.Replaces == "" {
		return Confirmed{}, FaultTooMany
	}
	account, won, err := e.gate.activate(tx, enrollment, account, step, field, addressText(from))
	if err != nil {
		return Confirmed{}, err
	}
	if !won {
		return Confirmed{}, FaultExpired
	}
	if enrollment.Kind == store.EnrollmentSession { // an invitation opens nothing but its enrollment
		c.Pass = Pass{User: account.Name, Epoch: account.Epoch, Kind: store.EnrollmentSession}
	}
	return c, nil
}

// matchFirstCode finds the step of the new device that shows a code.
func (e *Enroller) matchFirstCode(tx *store.Tx, enrollment store.Enrollment, typed string) (step int64, field []byte, err error) {
	code := normalizeCode(typed)
	if len(code) != enrollment.Digits || !allDigits(code) {
		return 0, nil, FaultCodeMalformed
	}
	secret, err := e.gate.store.OpenPending(enrollment)
	if err != nil {
		return 0, nil, err
	}
	key := keyOf(enrollment, secret)
	step, ok := totp.Match(key, code, tx.Now())
	switch {
	case ok:
		return step, e.gate.fieldMAC(enrollment.User, code), nil
	case totp.Drifts(key, code, tx.Now(), clockSearch):
		return 0, nil, FaultClock
	}
	return 0, nil, FaultCodeWrong
}

func chooseLabel(account store.Account, enrollment store.Enrollment, typed string) (string, error) {
	label := strings.TrimSpace(typed)
	if label == "" {
		label = enrollment.Label
	}
	if label == "" {
		label = defaultLabel
	}
	if labelFault(label) != nil {
		return "", FaultLabel
	}
	if label != enrollment.Replaces && hasDevice(account, label) {
		return "", FaultLabelTaken
	}
	return label, nil
}
