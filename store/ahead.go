package store

import "fmt"

// aheadSize is how many accounts one statement reads.
const aheadSize = 32

// aheadStatements read aheadSize accounts, and lock them, and their devices.
type aheadStatements struct{ accounts, devices string }

func readAheadStatements(dialect Dialect) aheadStatements {
	names := "(" + dialect.places(1, aheadSize) + ")"
	return aheadStatements{
		accounts: `SELECT ` + accountColumns + ` FROM users WHERE name IN ` + names + ` ORDER BY name` + dialect.ForUpdate,
		devices:  `SELECT ` + deviceColumns + ` FROM devices WHERE user_name IN ` + names + ` ORDER BY user_name, created_at, id`,
	}
}

// readAhead reads the accounts of up to aheadSize updates, which are in the order
// of their users, by two statements, and not by two for each. They are locked in
// that order, as at every node, and just before they are needed.
func (tx *Tx) readAhead(updates []*update) error {
	tx.ahead = nil
	last := len(updates) - 1
	if updates[0].user == updates[last].user {
		return nil
	}
	tx.ahead = make(map[string]Account, len(updates))
	names := make([]any, aheadSize)
	for i := range names {
		names[i] = updates[min(i, last)].user
	}
	err := tx.eachAccount(func(a Account) { tx.ahead[a.Name] = a }, tx.store.aheads.accounts, names...)
	if err != nil {
		return fmt.Errorf("reading accounts: %w", err)
	}
	err = tx.eachDevice(func(d Device) {
		if account, found := tx.ahead[d.User]; found { // else the user was added meanwhile
			account.Devices = append(account.Devices, d)
			tx.ahead[d.User] = account
		}
	}, tx.store.aheads.devices, names...)
	if err != nil {
		return fmt.Errorf("reading the devices of accounts: %w", err)
	}
	return nil
}

// takeAhead gives an account that was read ahead to the first who asks: what is
// asked for may be changed next. One that wasn't there couldn't be locked either,
// and is looked for again.
func (tx *Tx) takeAhead(name string) (account Account, found bool) {
	account, found = tx.ahead[name]
	delete(tx.ahead, name)
	tx.fresh = account
	return account, found
}
