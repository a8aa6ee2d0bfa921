package access

import (
	"context"
	"net/netip"
	"strings"

	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
)

// clockSearch is how many steps beyond the window a code is looked for, to tell a
// user that the phone's clock is wrong.
const clockSearch = 20

// Confirm takes the first code of a new device. From then on the device counts,
// and the code is spent; but what a first use's ticket opened waits for the
// answer to its State: a prompt travels in clear text, and who reads it must not
// be able to enroll.
func (e *Enroller) Confirm(ctx context.Context, pass Pass, code, label string, from netip.Addr) (Confirmed, error) {
	codes, macs, err := e.gate.newRecoveryCodes(pass.User)
	if err != nil {
		return Confirmed{}, err
	}
	var c Confirmed
	var kept bool
	err = e.gate.store.Update(ctx, func(tx *store.Tx) error {
		c, kept, err = e.confirm(tx, pass, code, label, from, macs)
		return err
	})
	if err != nil {
		return Confirmed{}, err
	}
	if kept {
		c.RecoveryCodes = codes
	}
	return c, nil
}

// confirm says whether the recovery codes were kept: only who has none left gets some.
func (e *Enroller) confirm(tx *store.Tx, pass Pass, code, label string, from netip.Addr, macs []byte) (c Confirmed, kept bool, err error) {
	settings := e.gate.settings.Load()
	account, enrollment, drawn, err := e.pending(tx, settings, pass)
	if err != nil {
		return Confirmed{}, false, err
	}
	if !drawn {
		return Confirmed{}, false, FaultExpired
	}
	step, field, err := e.matchFirstCode(tx, enrollment, code)
	if err != nil {
		return Confirmed{}, false, err
	}
	if enrollment.Label, err = chooseLabel(account, enrollment, label); err != nil {
		return Confirmed{}, false, err
	}
	left, err := tx.RecoveryCodesLeft(account.Name)
	if err != nil {
		return Confirmed{}, false, err
	}
	if kept = left == 0 && enrollment.Recovery == nil; kept {
		enrollment.Recovery = macs
	}
	c.Label = enrollment.Label
	if enrollment.Kind == store.EnrollmentFirstUse {
		enrollment.ConfirmedStep, enrollment.ConfirmedField = step, field
		c.Pass, c.Waiting = pass, true
		return c, kept, tx.ConfirmEnrollment(enrollment)
	}
	c.Pass, err = e.complete(tx, settings, account, enrollment, step, field, from)
	return c, kept, err
}

// complete makes the device of an invitation or a session count.
func (e *Enroller) complete(tx *store.Tx, settings *Settings, account store.Account, enrollment store.Enrollment, step int64, field []byte, from netip.Addr) (Pass, error) {
	bySession := enrollment.Kind == store.EnrollmentSession
	if len(account.Devices) >= MaxDevices && enrollment.Replaces == "" {
		return Pass{}, FaultTooMany
	}
	if bySession && len(account.Devices) == 0 { // it may have been closed since it began
		if err := settings.mayEnrollFirst(account, from, tx.Now()); err != nil {
			return Pass{}, err
		}
	}
	account, won, err := e.gate.activate(tx, settings, enrollment, account, step, field, addressText(from))
	if err != nil {
		return Pass{}, err
	}
	if !won {
		return Pass{}, FaultExpired
	}
	if !bySession { // an invitation opens nothing but its enrollment
		return Pass{}, nil
	}
	return Pass{User: account.Name, Epoch: account.Epoch, Kind: store.EnrollmentSession, Proven: true}, nil
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
