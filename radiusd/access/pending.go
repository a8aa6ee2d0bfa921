package access

import (
	"context"
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
	settings := e.gate.settings.Load()
	var id []byte
	err := e.gate.store.Update(ctx, func(tx *store.Tx) error {
		account, err := e.mayEnroll(tx, settings, pass)
		if err != nil {
			return err
		}
		if err := e.mayBegin(tx, settings, account, pass, replaces, from); err != nil {
			return err
		}
		enrollment := settings.newEnrollment(account, store.EnrollmentSession)
		enrollment.Label, enrollment.Replaces, enrollment.ExpiresAt = replaces, replaces, tx.Now().Add(pendingLifetime)
		if enrollment.ID, err = e.gate.drawID(); err != nil {
			return err
		}
		if pass.Enrollment != nil { // this session's earlier one
			if _, err := tx.TakeEnrollment(pass.User, pass.Enrollment); err != nil {
				return err
			}
		}
		id = enrollment.ID
		return tx.AddEnrollment(enrollment)
	})
	if err != nil {
		return Pass{}, err
	}
	pass.Enrollment, pass.Fresh, pass.Proof = id, time.Time{}, nil
	return pass, nil
}

func (e *Enroller) mayBegin(tx *store.Tx, settings *Settings, account store.Account, pass Pass, replaces string, from netip.Addr) error {
	switch {
	case pass.Kind != store.EnrollmentSession:
		return FaultSession
	case replaces != "" && !hasDevice(account, replaces):
		return FaultNoDevice
	case replaces == "" && len(account.Devices) >= MaxDevices:
		return FaultTooMany
	case len(account.Devices) > 0:
		return takeProof(tx, pass)
	}
	return settings.mayEnrollFirst(account, from, tx.Now())
}

// mayEnrollFirst is FaultClosed where a user without a device can't enroll on
// the password.
func (s *Settings) mayEnrollFirst(account store.Account, from netip.Addr, now time.Time) error {
	if s.standingFor(account, now) == StandingEnforced && s.firstUseFor(account, from, now).closed(account, from, now) != "" {
		return FaultClosed
	}
	return nil
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
	settings := e.gate.settings.Load()
	err = e.gate.store.View(ctx, func(tx *store.Tx) error {
		_, enrollment, drawn, err = e.pending(tx, settings, pass)
		return err
	})
	if err == nil && !drawn {
		err = e.gate.store.Update(ctx, func(tx *store.Tx) error {
			if _, enrollment, drawn, err = e.pending(tx, settings, pass); err != nil || drawn {
				return err
			}
			enrollment, err = e.gate.drawSecret(tx, enrollment)
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
		URI:    totp.URI(settings.Issuer, enrollment.User, keyOf(enrollment, secret)),
		Digits: enrollment.Digits, Label: enrollment.Label, Replaces: enrollment.Replaces,
		Confirmed: enrollment.ConfirmedStep > 0, ExpiresAt: enrollment.SecretUntil,
	}, nil
}

// pending finds the enrollment of a pass and its user; drawn says whether its
// secret is there and counts.
func (e *Enroller) pending(tx *store.Tx, settings *Settings, pass Pass) (account store.Account, enrollment store.Enrollment, drawn bool, err error) {
	if account, err = e.mayEnroll(tx, settings, pass); err != nil {
		return account, enrollment, false, err
	}
	enrollment, found, err := tx.Enrollment(account.Name, pass.Enrollment)
	if err != nil {
		return account, enrollment, false, err
	}
	if !found || enrollment.Epoch != pass.Epoch {
		return account, enrollment, false, FaultExpired
	}
	return account, enrollment, enrollment.Sealed != nil && enrollment.SecretUntil.After(tx.Now()), nil
}
