package access

import (
	"context"
	"errors"
	"fmt"

	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
)

// MaxDevices is how many devices a user may have.
const MaxDevices = 5

// AddDevice enrolls a device whose secret exists elsewhere.
func (a *Accounts) AddDevice(ctx context.Context, actor store.Actor, name string, device NewDevice) (store.Device, error) {
	device = device.withDefaults()
	secret, err := totp.ParseSecret(device.Secret)
	if err != nil {
		return store.Device{}, refused(RefusedInvalid, "%v", err)
	}
	key := totp.Key{Secret: secret, Algorithm: device.Algorithm, Digits: device.Digits, Period: device.Period}
	if err := key.Validate(); err != nil {
		return store.Device{}, refused(RefusedInvalid, "%v", err)
	}
	if fault := labelFault(device.Label); fault != nil {
		return store.Device{}, fault
	}
	var added store.Device
	err = a.changeDevice(ctx, actor, name, EventDeviceAdded, device.Label, func(tx *store.Tx, account store.Account) (string, error) {
		if fault := device.fits(account); fault != nil {
			return "", fault
		}
		added, err = tx.AddDevice(store.Device{User: account.Name, Label: device.Label,
			Algorithm: device.Algorithm, Digits: device.Digits, Period: device.Period}, secret)
		if errors.Is(err, store.ErrExists) {
			return "", refused(RefusedExists, "user %q has a device with this secret already", account.Name)
		}
		return fmt.Sprintf("device=%q", device.Label), errors.Join(err, endAllElse(tx, account.Name))
	})
	return added, err
}

// fits says why an account can't have the device; nil if it can. All devices of
// a user show equally many digits, or an appended code could be cut off in two ways.
func (d NewDevice) fits(account store.Account) *Refusal {
	if len(account.Devices) >= MaxDevices {
		return refused(RefusedRule, "user %q has %d devices; more aren't allowed", account.Name, MaxDevices)
	}
	for _, there := range account.Devices {
		if there.Label == d.Label {
			return refused(RefusedExists, "user %q has a device %q already", account.Name, d.Label)
		}
		if there.Digits != d.Digits {
			return refused(RefusedRule, "the devices of user %q show %d digits: all must show equally many", account.Name, there.Digits)
		}
	}
	return nil
}

// RemoveDevice removes one device. With the last one the recovery codes go too:
// they stand in for a device.
func (a *Accounts) RemoveDevice(ctx context.Context, actor store.Actor, name, label string) error {
	return a.changeDevice(ctx, actor, name, EventDeviceRemoved, label, func(tx *store.Tx, account store.Account) (string, error) {
		removed, err := tx.RemoveDevice(account.Name, label)
		if err != nil {
			return "", err
		}
		if !removed {
			return "", refused(RefusedMissing, "user %q has no device %q", account.Name, label)
		}
		if len(account.Devices) == 1 {
			if err := errors.Join(tx.ReplaceRecoveryCodes(account.Name, nil), tx.SetReset(account.Name)); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("device=%q", label), endAllElse(tx, account.Name)
	})
}

// withDefaults fills in what an authenticator app takes for granted.
func (d NewDevice) withDefaults() NewDevice {
	if d.Label == "" {
		d.Label = defaultLabel
	}
	if d.Algorithm == "" {
		d.Algorithm = "SHA1"
	}
	if d.Digits == 0 {
		d.Digits = 6
	}
	if d.Period == 0 {
		d.Period = 30
	}
	return d
}
