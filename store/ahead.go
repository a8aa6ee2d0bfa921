package store

import (
	"fmt"
	"slices"
	"strings"
)

// ahead is an account that was read, and locked, before the updates of a
// transaction run that begin with it; found is false where there is none.
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

// readAhead reads the accounts of a batch by two statements, and not by two for
// each. They are locked in the order of their names, as at every node.
func (tx *Tx) readAhead(batch []*update) error {
	names := make([]string, 0, len(batch))
	tx.ahead = make(map[string]ahead, len(batch))
	for _, u := range batch {
		if _, twice := tx.ahead[u.user]; u.user != "" && !twice {
			tx.ahead[u.user] = ahead{}
			names = append(names, u.user)
		}
	}
	if len(names) < 2 {
		tx.ahead = nil
		return nil
	}
	slices.Sort(names)
	for some := range slices.Chunk(names, aheadSize) {
		places := make([]any, aheadSize)
		for i := range places {
			places[i] = some[min(i, len(some)-1)]
		}
		if err := tx.usersAhead(places); err != nil {
			return fmt.Errorf("reading accounts: %w", err)
		}
		if err := tx.devicesAhead(places); err != nil {
			return fmt.Errorf("reading the devices of accounts: %w", err)
		}
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
// asked for may be changed next.
func (tx *Tx) takeAhead(name string) (account Account, found, known bool) {
	a, known := tx.ahead[name]
	delete(tx.ahead, name)
	return a.account, a.found, known
}
