package access

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"vpn-otpd/store"
)

// proofClient is the client of the States that stand for a fresh code. No RADIUS
// client has a name with a control character.
const proofClient = WebClient + "\x1fproof"

// Prove checks a fresh code of a user who is signed in, as a login in mode code
// is checked: it is burnt, and a wrong one counts. A code that the helpdesk gave
// proves nothing here. After an Accept the pass is good for one change.
func (e *Enroller) Prove(ctx context.Context, pass Pass, code string, from netip.Addr) (Pass, Decision, error) {
	settings := e.gate.settings.Load()
	err := e.gate.store.View(ctx, func(tx *store.Tx) error {
		_, err := e.mayEnroll(tx, settings, pass)
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
	if d.Verdict != Accept {
		return pass, d, nil
	}
	proof, err := e.gate.drawID()
	if err != nil {
		return Pass{}, Decision{}, err
	}
	err = e.gate.store.Update(ctx, func(tx *store.Tx) error {
		pass.Fresh, pass.Proof = tx.Now().Add(freshLifetime), proof
		return tx.AddState(store.State{ID: proof, User: d.User, AskedName: d.User, Client: proofClient,
			Epoch: d.Epoch, TriesLeft: 1, ExpiresAt: pass.Fresh})
	})
	return pass, d, err
}

// takeProof takes what a fresh code left behind: it is FaultFresh where there is
// none, or another change took it.
func takeProof(tx *store.Tx, pass Pass) error {
	if pass.Proof == nil {
		return FaultFresh
	}
	proof, taken, err := tx.TakeState(pass.Proof)
	if err != nil {
		return err
	}
	if !taken || proof.Client != proofClient || proof.User != pass.User || proof.Epoch != pass.Epoch || !proof.ExpiresAt.After(tx.Now()) {
		return FaultFresh
	}
	return nil
}

// NewRecoveryCodes makes ten new recovery codes; the old ones are void.
func (e *Enroller) NewRecoveryCodes(ctx context.Context, pass Pass, from netip.Addr) (Pass, []string, error) {
	codes, macs, err := e.gate.newRecoveryCodes(pass.User)
	if err != nil {
		return Pass{}, nil, err
	}
	pass, err = e.change(ctx, e.gate.settings.Load(), pass, EventRecoveryCodes, from, func(tx *store.Tx, account store.Account) (device string, err error) {
		if len(account.Devices) == 0 {
			return "", FaultNoDevice
		}
		return "", keepRecovery(tx, account.Name, macs)
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
	return e.change(ctx, settings, pass, EventDeviceRemoved, from, func(tx *store.Tx, account store.Account) (device string, err error) {
		last := len(account.Devices) == 1
		switch {
		case !hasDevice(account, label):
			return "", FaultNoDevice
		case last && settings.standingFor(account, tx.Now()) != StandingOptional:
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
}

// change runs one change that needs a fresh code. The pass that it returns goes
// on with the user's new epoch.
func (e *Enroller) change(ctx context.Context, settings *Settings, pass Pass, event string, from netip.Addr,
	apply func(*store.Tx, store.Account) (device string, err error)) (next Pass, err error) {
	err = e.gate.store.Update(ctx, func(tx *store.Tx) error {
		account, err := e.mayEnroll(tx, settings, pass)
		if err != nil {
			return err
		}
		if pass.Kind != store.EnrollmentSession {
			return FaultSession
		}
		if err := errors.Join(takeProof(tx, pass), settleResetByHand(tx, settings, account)); err != nil {
			return err
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
		next = Pass{User: account.Name, Epoch: account.Epoch, Kind: store.EnrollmentSession, Proven: true}
		return err
	})
	if err != nil {
		return Pass{}, err
	}
	return next, nil
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
