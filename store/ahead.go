package store

import (
	"fmt"
	"strings"
)

// ahead is an account that was read, and locked, before the updates of a
// transaction run that begin with it.
type ahead struct {
	account Account
	found   bool
}

// aheadSize is how many accounts one statement reads.
const aheadSize = 32

// aheadPlaces are that many places of a statement.
var aheadPlaces = func() string {
	places := make([]string, aheadSize)
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	return "(" + strings.Join(places, ", ") + ")"
}()

// readAhead reads the accounts of up to aheadSize updates by two statements, and
// not by two for each. They are locked in the order of their names, as at every
// node, and just before they are needed.
func (tx *Tx) readAhead(updates []*update) error {
	tx.ahead = make(map[string]ahead, len(updates))
	places := make([]any, aheadSize)
	for i := range places {
		name := updates[min(i, len(updates)-1)].user
		tx.ahead[name] = ahead{}
		places[i] = name
	}
	if len(tx.ahead) < 2 {
		tx.ahead = nil
		return nil
	}
	if err := tx.usersAhead(places); err != nil {
		return fmt.Errorf("reading accounts: %w", err)
	}
	if err := tx.devicesAhead(places); err != nil {
		return fmt.Errorf("reading the devices of accounts: %w", err)
	}
	return nil
}

func (tx *Tx) usersAhead(names []any) error {
	rows, err := tx.query(`SELECT `+accountColumns+` FROM users WHERE name IN `+aheadPlaces+` ORDER BY name`+tx.store.dialect.ForUpdate, names...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		account, err := scanAccount(rows)
		if err != nil {
			return err
		}
		tx.ahead[account.Name] = ahead{account, true}
	}
	return tx.fault(rows.Err())
}

func (tx *Tx) devicesAhead(names []any) error {
	rows, err := tx.query(`SELECT `+deviceColumns+` FROM devices WHERE user_name IN `+aheadPlaces+` ORDER BY user_name, created_at, id`, names...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		device, err := scanDevice(rows)
		if err != nil {
			return err
		}
		known := tx.ahead[device.User]
		known.account.Devices = append(known.account.Devices, device)
		tx.ahead[device.User] = known
	}
	return tx.fault(rows.Err())
}

// takeAhead gives an account that was read ahead to the first who asks: what is
// asked for may be changed next. One that wasn't there couldn't be locked either,
// and is looked for again.
func (tx *Tx) takeAhead(name string) (account Account, found bool) {
	a := tx.ahead[name]
	delete(tx.ahead, name)
	return a.account, a.found
}
