package access

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"vpn-otpd/store"
)

// self is the actor of what users do themselves.
var self = store.Actor{UID: -1, Name: "self"}

// defaultLabel is what a device is called where nobody named it.
const defaultLabel = "device"

// activate makes the device of an enrollment count, once, and spends the code
// that confirmed it. Everything else of the user that is under way ends.
func (g *Gate) activate(tx *store.Tx, settings *Settings, e store.Enrollment, account store.Account, step int64, field []byte, from string) (store.Account, bool, error) {
	taken, err := tx.TakeEnrollment(e.User, e.ID)
	if err != nil || !taken {
		return account, false, err
	}
	secret, err := g.store.OpenPending(e)
	if err != nil {
		return account, false, err
	}
	// A directory's user may have no account yet.
	_, err = tx.NoteAccount(e.User)
	if err := errors.Join(err, settleResetByHand(tx, settings, account)); err != nil {
		return account, false, err
	}
	event := EventDeviceAdded
	if e.Replaces != "" {
		event = EventDeviceReplaced
		if _, err := tx.RemoveDevice(e.User, e.Replaces); err != nil {
			return account, false, err
		}
	}
	device, err := tx.AddDevice(store.Device{User: e.User, Label: freeLabel(e.Label, e.Replaces, account.Devices),
		Algorithm: e.Algorithm, Digits: e.Digits, Period: e.Period}, secret)
	if err != nil {
		return account, false, err
	}
	if won, err := tx.BurnStep(device, step, field); err != nil || !won {
		return account, false, errors.Join(err, errors.New("the step of a new device was used"))
	}
	if err := errors.Join(keepRecovery(tx, e.User, e.Recovery), endAllElse(tx, e.User)); err != nil {
		return account, false, err
	}
	record := store.Record{Event: event, User: e.User, Client: e.Client, CallingStation: from, Actor: self,
		Detail: fmt.Sprintf("device=%q kind=%s", device.Label, e.Kind)}
	notice := store.Notice{User: e.User, Event: event, Address: from, Device: device.Label, Actor: self.Name}
	if err := errors.Join(tx.Audit(record), settings.tell(tx, notice)); err != nil {
		return account, false, err
	}
	account, _, err = tx.Account(e.User)
	return account, true, err
}

// keepRecovery keeps recovery codes, by their MACs one after the other, in place
// of the user's earlier ones; none: those stay.
func keepRecovery(tx *store.Tx, user string, recovery []byte) error {
	if len(recovery) == 0 {
		return nil
	}
	var macs [][]byte
	for ; len(recovery) >= codeMACSize; recovery = recovery[codeMACSize:] {
		macs = append(macs, recovery[:codeMACSize])
	}
	return tx.ReplaceRecoveryCodes(user, macs)
}

// endAllElse voids what is under way for a user whose devices change: States,
// sessions and remembered logins go by the epoch.
func endAllElse(tx *store.Tx, user string) error {
	return errors.Join(tx.RemoveEnrollments(user), tx.RaiseEpoch(user))
}

// freeLabel is the label that was chosen, or one like it where another device
// has taken it meanwhile: nobody is there to be asked.
func freeLabel(label, replaces string, devices []store.Device) string {
	if label == "" {
		label = defaultLabel
	}
	taken := make(map[string]bool)
	for _, device := range devices {
		taken[device.Label] = device.Label != replaces
	}
	free := label
	for n := 2; taken[free]; n++ {
		number := " " + strconv.Itoa(n)
		free = strings.ToValidUTF8(label[:min(len(label), maxLabelLength-len(number))], "") + number
	}
	return free
}
