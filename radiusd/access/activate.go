package access

import (
	"errors"
	"fmt"

	"vpn-otpd/store"
)

// self is the actor of what users do themselves.
var self = store.Actor{UID: -1, Name: "self"}

// defaultLabel is what a device is called where nobody named it.
const defaultLabel = "device"

// activate makes the device of an enrollment count, once, and spends the code
// that confirmed it. Everything else of the user that is under way ends.
func (g *Gate) activate(tx *store.Tx, e store.Enrollment, account store.Account, step int64, field []byte, from string) (store.Account, bool, error) {
	taken, err := tx.TakeEnrollment(e.User, e.ID)
	if err != nil || !taken {
		return account, false, err
	}
	secret, err := g.store.OpenPending(e)
	if err != nil {
		return account, false, err
	}
	if _, err := tx.AddAccount(e.User); err != nil { // a directory's user may have none yet
		return account, false, err
	}
	event := EventDeviceAdded
	if e.Replaces != "" {
		event = EventDeviceReplaced
		if _, err := tx.RemoveDevice(e.User, e.Replaces); err != nil {
			return account, false, err
		}
	}
	device, err := tx.AddDevice(store.Device{User: e.User, Label: freeLabel(e, account),
		Algorithm: e.Algorithm, Digits: e.Digits, Period: e.Period}, secret)
	if err != nil {
		return account, false, err
	}
	if won, err := tx.BurnStep(device, step, field); err != nil || !won {
		return account, false, errors.Join(err, errors.New("the step of a new device was used"))
	}
	if err := errors.Join(g.keepRecovery(tx, e), endAllElse(tx, e.User)); err != nil {
		return account, false, err
	}
	record := store.Record{Event: event, User: e.User, Client: e.Client, CallingStation: from, Actor: self,
		Detail: fmt.Sprintf("device=%q kind=%s", device.Label, e.Kind)}
	notice := store.Notice{User: e.User, Event: event, Address: from, Device: device.Label, Actor: self.Name}
	if err := errors.Join(tx.Audit(record), g.settings.Load().tell(tx, notice)); err != nil {
		return account, false, err
	}
	account, _, err = tx.Account(e.User)
	return account, true, err
}

// keepRecovery keeps the recovery codes that were shown with the new device.
func (g *Gate) keepRecovery(tx *store.Tx, e store.Enrollment) error {
	if len(e.Recovery) == 0 {
		return nil
	}
	var macs [][]byte
	for rest := e.Recovery; len(rest) >= codeMACSize; rest = rest[codeMACSize:] {
		macs = append(macs, rest[:codeMACSize])
	}
	return tx.ReplaceRecoveryCodes(e.User, macs)
}

// endAllElse voids what is under way for a user whose devices change: States,
// sessions and remembered logins go by the epoch.
func endAllElse(tx *store.Tx, user string) error {
	return errors.Join(tx.RemoveEnrollments(user), tx.RaiseEpoch(user))
}

// freeLabel is the label that was chosen, or one like it where another device
// has taken it meanwhile: nobody is there to be asked.
func freeLabel(e store.Enrollment, account store.Account) string {
	label := e.Label
	if label == "" {
		label = defaultLabel
	}
	taken := make(map[string]bool)
	for _, device := range account.Devices {
		taken[device.Label] = device.Label != e.Replaces
	}
	free := label
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s %d", label, n)
	}
	return free
}
