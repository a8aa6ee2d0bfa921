package access

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"time"

	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
)

const (
	// pendingLifetime is how long a secret that is shown can be confirmed.
	pendingLifetime = 10 * time.Minute
	// freshLifetime is how long a fresh code counts for one change.
	freshLifetime = 5 * time.Minute
)

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
