package access

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"vpn-otpd/store"
)

// Prove checks a fresh code of a user who is signed in, as a login in mode code
// is checked: it is burnt, and a wrong one counts. A code that the helpdesk gave
// proves nothing here. After an Accept the pass is good for one change.
func (e *Enroller) Prove(ctx context.Context, pass Pass, code string, from netip.Addr) (Pass, Decision, error) {
	err := e.gate.store.View(ctx, func(tx *store.Tx) error {
		_, _, err := e.mayEnroll(tx, pass)
		if err == nil && pass.Kind != store.EnrollmentSession {
			err = FaultSession
		}
		return err
	})
	if err != nil {
		return Pass{}, Decision{}, err
	}
	d, err := e.gate.Check(ctx, Request{
		Client:   Client{Name: WebClient, Mode: ModeCode, RequireAlways: true, OwnCodesOnly: true},
		UserName: pass.User, Password: []byte(code), CallingStation: addressText(from), Arrived: e.gate.now(),
	})
	if err != nil {
		return Pass{}, Decision{}, err
	}
	if d.Verdict == Accept && d.User == pass.User && d.Epoch == pass.Epoch {
		pass.Fresh = e.gate.now().Add(freshLifetime)
	}
	return pass, d, nil
}

// NewRecoveryCodes makes ten new recovery codes; the old ones are void.
func (e *Enroller) NewRecoveryCodes(ctx context.Context, pass Pass, from netip.Addr) (Pass, []string, error) {
	codes, macs, err := e.gate.newRecoveryCodes(pass.User)
	if err != nil {
		return Pass{}, nil, err
	}
	err = e.change(ctx, &pass, EventRecoveryCodes, from, func(tx *store.Tx, account store.Account) (device string, err error) {
		if len(account.Devices) == 0 {
			return "", FaultNoDevice
		}
		return "", e.gate.keepRecovery(tx, store.Enrollment{User: account.Name, Recovery: macs})
	})
	if err != nil {
		return Pass{}, nil, err
	}
	return pass, codes, nil
}

// RemoveDevice removes a device; the last one only where two-factor isn't
// enforced. The recovery codes go with the last.
func (e *Enroller) RemoveDevice(ctx context.Context, pass Pass, label string, from netip.Addr) (Pass, error) {
	settings := e.gate.settings.Load()
	err := e.change(ctx, &pass, EventDeviceRemoved, from, func(tx *store.Tx, account store.Account) (device string, err error) {
		last := len(account.Devices) == 1
		switch {
		case !hasDevice(account, label):
			return "", FaultNoDevice
		case last && settings.standingFor(account) != StandingOptional:
			return "", FaultMayNotRemove
		}
		if _, err := tx.RemoveDevice(account.Name, label); err != nil {
			return "", err
		}
		if last {
			err = errors.Join(tx.ReplaceRecoveryCodes(account.Name, nil), tx.SetReset(account.Name))
		}
		return label, errors.Join(err, endAllElse(tx, account.Name))
	})
	if err != nil {
		return Pass{}, err
	}
	return pass, nil
}

// change runs one change that needs a fresh code, and moves the pass on to the
// user's new epoch.
func (e *Enroller) change(ctx context.Context, pass *Pass, event string, from netip.Addr,
	apply func(*store.Tx, store.Account) (device string, err error)) error {
	asked := *pass
	return e.gate.store.Update(ctx, func(tx *store.Tx) error {
		settings, account, err := e.mayEnroll(tx, asked)
		switch {
		case err != nil:
			return err
		case asked.Kind != store.EnrollmentSession:
			return FaultSession
		case !asked.Fresh.After(tx.Now()):
			return FaultFresh
		}
		device, err := apply(tx, account)
		if err != nil {
			return err
		}
		record := store.Record{Event: event, User: account.Name, Client: WebClient, CallingStation: addressText(from), Actor: self}
		if device != "" {
			record.Detail = fmt.Sprintf("device=%q", device)
		}
		notice := store.Notice{User: account.Name, Event: event, Address: addressText(from), Device: device, Actor: self.Name}
		if err := errors.Join(tx.Audit(record), settings.tell(tx, notice)); err != nil {
			return err
		}
		account, _, err = tx.Account(account.Name)
		*pass = Pass{User: account.Name, Epoch: account.Epoch, Kind: store.EnrollmentSession, Fresh: time.Time{}}
		return err
	})
}

// newRecoveryCodes draws the recovery codes of a user, and their MACs one after
// the other.
func (g *Gate) newRecoveryCodes(user string) (codes []string, macs []byte, err error) {
	for range RecoveryCodeCount {
		code, err := newLetterCode(g.random)
		if err != nil {
			return nil, nil, fmt.Errorf("drawing a code: %w", err)
		}
		codes = append(codes, code)
		macs = append(macs, codeMAC(g.store, user, code)...)
	}
	return codes, macs, nil
}
