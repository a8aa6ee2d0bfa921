package access

import (
	"context"
	"errors"
	"fmt"

	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
)

// ImportedAccount is one user of another system.
type ImportedAccount struct {
	Place        string // where it stood there, such as "line 12"
	Name         string
	Disabled     bool
	PasswordHash string // "" where it has none that is known here
	Devices      []ImportedDevice
}

// ImportedDevice is a TOTP device that somebody has already.
type ImportedDevice struct {
	Place     string
	Label     string // "": "imported"
	Secret    []byte
	Algorithm string
	Digits    int
	Period    int
	LastStep  int64 // the newest step that was used there; 0: not known
}

// ImportReport is what came of an import.
type ImportReport struct {
	Users     int // accounts that were added
	Devices   int // devices that were added
	Unchanged int // accounts that had everything already
	Skipped   []ImportSkipped
}

// ImportSkipped is something that wasn't taken.
type ImportSkipped struct{ Place, Name, Reason string }

// ImportOptions say how accounts are taken over.
type ImportOptions struct {
	Source string // what the audit records call the other system
	DryRun bool   // only report
	// Own is the canonical name of whoever asks: that account is left alone; ""
	// leaves none alone.
	Own string
	// Progress hears how many accounts were looked at; nil: nobody. It must not
	// wait: all logins would wait with it.
	Progress func(done int)
}

// EventImported is the event of the audit log for an account that an import
// added or gave something.
const EventImported = "imported"

const importedLabel = "imported"

// errDryRun ends an import that is to leave nothing behind.
var errDryRun = errors.New("dry run")

// Import adds accounts and devices in one transaction: all that can be, or on a
// fault nothing. It can be repeated. What is here already stays as it is: no
// password, device or policy of a user is replaced. A dry run only reports.
// Users aren't told, since nothing changes for them. Whoever asked and goes away
// before the end gets nothing imported.
func (a *Accounts) Import(ctx context.Context, actor store.Actor, accounts []ImportedAccount, options ImportOptions) (ImportReport, error) {
	var report ImportReport
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		run := importRun{tx: tx, actor: actor, options: options, names: a.gate.settings.Load().Names, seen: make(map[string]string)}
		for i, account := range accounts {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := run.account(account); err != nil {
				return fmt.Errorf("importing %s: %w", account.Place, err)
			}
			if options.Progress != nil {
				options.Progress(i + 1)
			}
		}
		report = run.report
		if options.DryRun {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	if err != nil {
		return ImportReport{}, err
	}
	return report, nil
}

// importRun is one run of an import's transaction.
type importRun struct {
	tx      *store.Tx
	actor   store.Actor
	options ImportOptions
	names   Names
	seen    map[string]string // canonical name -> place of the one that was taken
	report  ImportReport
}

func (r *importRun) skip(place, name, format string, arguments ...any) {
	r.report.Skipped = append(r.report.Skipped, ImportSkipped{place, name, fmt.Sprintf(format, arguments...)})
}

func (r *importRun) account(imported ImportedAccount) error {
	name, err := r.names.Canonicalize(imported.Name)
	if err != nil {
		r.skip(imported.Place, imported.Name, "%v", err)
		return nil
	}
	if place, taken := r.seen[name]; taken {
		r.skip(imported.Place, imported.Name, "is the same user as at %s: %q", place, name)
		return nil
	}
	r.seen[name] = imported.Place
	if name == r.options.Own {
		r.skip(imported.Place, imported.Name, "nobody changes the own account: ask somebody else")
		return nil
	}
	added, err := r.tx.AddAccount(name)
	if err != nil {
		return err
	}
	account, _, err := r.tx.Account(name)
	if err != nil {
		return err
	}
	changed := added
	if added {
		r.report.Users++
		if imported.Disabled {
			if err := r.tx.SetDisabled(name, true); err != nil {
				return err
			}
		}
	} else if imported.Disabled && !account.Disabled {
		r.skip(imported.Place, name, "is disabled there, and not here")
	}
	switch {
	case imported.PasswordHash != "" && account.PasswordHash == "":
		changed = true
		if err := errors.Join(r.tx.SetPasswordHash(name, imported.PasswordHash), r.tx.RaiseEpoch(name)); err != nil {
			return err
		}
	case imported.PasswordHash != "" && account.PasswordHash != imported.PasswordHash:
		r.skip(imported.Place, name, "the password: there is one already")
	}
	devices, err := r.devices(account, imported)
	if err != nil {
		return err
	}
	if devices > 0 {
		changed = true
		if err := endAllElse(r.tx, name); err != nil {
			return err
		}
	}
	if !changed {
		r.report.Unchanged++
		return nil
	}
	return r.tx.Audit(store.Record{Event: EventImported, User: name, Actor: r.actor,
		Detail: fmt.Sprintf("source=%q devices=%d", r.options.Source, devices)})
}

// devices adds the devices that aren't there. A user who is enrolled here with
// other secrets keeps those alone.
func (r *importRun) devices(account store.Account, imported ImportedAccount) (added int, err error) {
	enrolled := len(account.Devices) > 0
	for _, d := range imported.Devices {
		key := totp.Key{Secret: d.Secret, Algorithm: d.Algorithm, Digits: d.Digits, Period: d.Period}
		if err := key.Validate(); err != nil {
			r.skip(d.Place, account.Name, "%v", err)
			continue
		}
		there, err := r.tx.HasSecret(account.Name, d.Secret, d.Period)
		if err != nil {
			return added, err
		}
		fault := r.deviceFault(account, d, enrolled)
		switch {
		case there:
			continue
		case fault != "":
			r.skip(d.Place, account.Name, "%s", fault)
			continue
		}
		label := d.Label
		if label == "" {
			label = importedLabel
		}
		device := store.Device{User: account.Name, Label: freeLabel(label, "", account.Devices),
			Algorithm: d.Algorithm, Digits: d.Digits, Period: d.Period, LastStep: r.lastStep(d)}
		if device, err = r.tx.AddDevice(device, d.Secret); err != nil {
			return added, err
		}
		account.Devices = append(account.Devices, device)
		r.report.Devices++
		added++
	}
	return added, nil
}

func (r *importRun) deviceFault(account store.Account, d ImportedDevice, enrolled bool) string {
	switch {
	case enrolled:
		return "is enrolled here already, with another secret"
	case account.EverEnrolled && len(account.Devices) == 0:
		return "was enrolled here before and was reset: a lost device must not come back"
	case d.Label != "" && labelFault(d.Label) != nil:
		return labelFault(d.Label).Text
	case len(account.Devices) >= MaxDevices:
		return fmt.Sprintf("has %d devices; more aren't allowed", MaxDevices)
	case len(account.Devices) > 0 && account.Devices[0].Digits != d.Digits:
		return fmt.Sprintf("the devices of a user must show equally many digits; the first shows %d", account.Devices[0].Digits)
	}
	return ""
}

// lastStep is the newest step that counts as used. A step of the future, by a
// clock that was wrong there, would refuse the user's codes until it has come:
// what is later than any code that is accepted now is no use of one.
func (r *importRun) lastStep(d ImportedDevice) int64 {
	return min(d.LastStep, totp.Step(r.tx.Now(), d.Period)+1)
}
