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
