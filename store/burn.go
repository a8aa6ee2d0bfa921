package store

import (
	"errors"
	"fmt"
	"slices"
)

// errBurn: steps of several updates couldn't be burnt together.
var errBurn = errors.New("burning the steps of a batch")

// burn is a step that is taken before the next statement.
type burn struct {
	user     string
	id, step int64
	field    []byte
}

// BurnStep takes a step of a device, once: it is true for the one caller for
// whom the step was newer than every step taken before, as soon as Update has
// returned nil. field is kept to recognize the same code when it comes again
// after its time.
func (tx *Tx) BurnStep(d Device, step int64, field []byte) (won bool, err error) {
	if last, known := tx.lastStep(d); known && tx.store.dialect.BurnSteps != "" {
		tx.fresh = Account{}
		if won = last < step; won {
			tx.burns = append(tx.burns, burn{d.User, d.ID, step, field})
		}
		return won, nil
	}
	changed, err := tx.exec(`UPDATE devices SET last_step = $1, used_at = $2, last_field = $3
		WHERE user_name = $4 AND id = $5 AND last_step < $1`, step, millis(tx.now), field, d.User, d.ID)
	if err != nil {
		return false, fmt.Errorf("burning a step: %w", err)
	}
	return changed == 1, nil
}

// lastStep is that of a device which is known, because its user's account was
// read ahead, locked, and no statement was run since it was handed over.
func (tx *Tx) lastStep(d Device) (step int64, known bool) {
	if tx.fresh.Name != d.User {
		return 0, false
	}
	i := slices.IndexFunc(tx.fresh.Devices, func(read Device) bool { return read.ID == d.ID })
	if i < 0 {
		return 0, false
	}
	return tx.fresh.Devices[i].LastStep, true
}

// burnSteps takes by one statement the steps that BurnStep has promised. Each is
// checked again: should the database see one of them otherwise, which only hands
// can bring about, or not take one, then nothing of the transaction is kept, and
// its updates run again, each for itself.
func (tx *Tx) burnSteps() error {
	burns := tx.burns
	if len(burns) == 0 || tx.failed != nil {
		return nil
	}
	tx.burns = nil
	users, fields := make([]string, len(burns)), make([][]byte, len(burns))
	ids, steps := make([]int64, len(burns)), make([]int64, len(burns))
	for i, b := range burns {
		users[i], ids[i], steps[i], fields[i] = b.user, b.id, b.step, b.field
	}
	changed, err := tx.exec(tx.store.dialect.BurnSteps, millis(tx.now), users, ids, steps, fields)
	if err == nil && changed != int64(len(burns)) {
		err = errors.New("a device has changed since it was read")
	}
	if err != nil { // which is not the fault of the update whose statement comes next
		tx.failed = fmt.Errorf("%w: %w", errBurn, err)
		return tx.failed
	}
	return nil
}
