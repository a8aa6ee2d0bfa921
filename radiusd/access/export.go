package access

import (
	"context"
	"fmt"

	"vpn-otpd/store"
)

// ExportedDevice is a device with its secret, on its way to another system.
type ExportedDevice struct {
	store.Device
	Secret []byte
}

// Events of the audit log for what leaves.
const (
	EventDeviceExported = "device_exported" // the secrets of all devices of a user
	EventBackedUp       = "backed_up"       // the whole store, its secrets sealed
)

// exportPage is how many users share one transaction of an export.
const exportPage = 100

// Export hands over the devices of a user, or of all users where name is "", by
// the users' names. No secret leaves before its audit record is kept and its
// user is told. write is called once for each user who has a device.
func (a *Accounts) Export(ctx context.Context, actor store.Actor, name string, write func(user string, devices []ExportedDevice) error) error {
	if name != "" {
		canonical, err := a.Canonical(name)
		if err != nil {
			return err
		}
		if _, found, err := a.store.Account(ctx, canonical); err != nil || !found {
			return orMissing(err, canonical)
		}
		return a.exportUsers(ctx, actor, []string{canonical}, write)
	}
	for after := ""; ; {
		page, err := a.store.Accounts(ctx, after, exportPage)
		if err != nil || len(page) == 0 {
			return err
		}
		names := make([]string, len(page))
		for i, account := range page {
			names[i] = account.Name
		}
		if err := a.exportUsers(ctx, actor, names, write); err != nil {
			return err
		}
		after = names[len(names)-1]
	}
}

func orMissing(err error, name string) error {
	if err != nil {
		return err
	}
	return refused(RefusedMissing, "no user %q", name)
}

func (a *Accounts) exportUsers(ctx context.Context, actor store.Actor, names []string, write func(string, []ExportedDevice) error) error {
	var leaving []store.Account
	settings := a.gate.settings.Load()
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		leaving = leaving[:0] // it may run again
		for _, name := range names {
			account, found, err := tx.Account(name)
			if err != nil {
				return err
			}
			if !found || len(account.Devices) == 0 {
				continue
			}
			leaving = append(leaving, account)
			if err := settings.tell(tx, store.Notice{User: name, Event: EventDeviceExported, Actor: whoDid(actor)}); err != nil {
				return err
			}
			record := store.Record{Event: EventDeviceExported, User: name, Actor: actor, Detail: fmt.Sprintf("devices=%d", len(account.Devices))}
			if err := tx.Audit(record); err != nil {
				return err
			}
		}
		return nil
	})
	for _, account := range leaving {
		if err != nil {
			return err
		}
		var devices []ExportedDevice
		if devices, err = a.unsealed(account); err == nil {
			err = write(account.Name, devices)
		}
	}
	return err
}

func (a *Accounts) unsealed(account store.Account) ([]ExportedDevice, error) {
	devices := make([]ExportedDevice, len(account.Devices))
	for i, device := range account.Devices {
		secret, err := a.store.OpenSecret(device)
		if err != nil {
			return nil, err
		}
		devices[i] = ExportedDevice{Device: device, Secret: secret}
	}
	return devices, nil
}

// NoteBackup records that somebody takes a copy of the whole store.
func (a *Accounts) NoteBackup(ctx context.Context, actor store.Actor) error {
	return a.store.Update(ctx, func(tx *store.Tx) error {
		return tx.Audit(store.Record{Event: EventBackedUp, Actor: actor})
	})
}
