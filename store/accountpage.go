package store

import (
	"context"
	"errors"
	"fmt"
)

// Accounts returns at most limit users whose names come after a name, by name,
// each with devices and the number of codes left. It asks each table once, for
// the whole page: with a question for each user a list of 100,000 takes longer
// than somebody waits.
func (s *Store) Accounts(ctx context.Context, after string, limit int) ([]Account, error) {
	var page accountPage
	err := s.View(ctx, func(tx *Tx) error {
		if err := page.read(tx, after, limit); err != nil || len(page.accounts) == 0 {
			return err
		}
		return errors.Join(page.readDevices(tx), page.readCodes(tx))
	})
	if err != nil {
		return nil, fmt.Errorf("reading a page of accounts: %w", err)
	}
	return page.accounts, nil
}

// accountPage is a part of all accounts, by name.
type accountPage struct {
	accounts []Account
	byName   map[string]*Account
}

func (p *accountPage) read(tx *Tx, after string, limit int) error {
	err := tx.eachAccount(func(a Account) { p.accounts = append(p.accounts, a) },
		`SELECT `+accountColumns+` FROM users WHERE name > $1 ORDER BY name LIMIT $2`, after, limit)
	if err != nil {
		return err
	}
	p.byName = make(map[string]*Account, len(p.accounts))
	for i := range p.accounts {
		p.byName[p.accounts[i].Name] = &p.accounts[i]
	}
	return nil
}

// ends are the first and the last name on the page.
func (p *accountPage) ends() []any {
	return []any{p.accounts[0].Name, p.accounts[len(p.accounts)-1].Name}
}

func (p *accountPage) readDevices(tx *Tx) error {
	return tx.eachDevice(func(d Device) {
		if account := p.byName[d.User]; account != nil {
			account.Devices = append(account.Devices, d)
		}
	}, `SELECT `+deviceColumns+` FROM devices
		WHERE user_name >= $1 AND user_name <= $2 ORDER BY user_name, created_at, id`, p.ends()...)
}

func (p *accountPage) readCodes(tx *Tx) error {
	return errors.Join(
		p.count(tx, func(a *Account) *int { return &a.RecoveryCodes },
			`SELECT user_name, count(*) FROM recovery_codes
			WHERE user_name >= $1 AND user_name <= $2 GROUP BY user_name`, p.ends()...),
		p.count(tx, func(a *Account) *int { return &a.TemporaryCodes },
			`SELECT user_name, count(*) FROM temporary_codes
			WHERE user_name >= $1 AND user_name <= $2 AND expires_at > $3 GROUP BY user_name`, append(p.ends(), millis(tx.now))...),
	)
}

// count puts a count by name into the accounts.
func (p *accountPage) count(tx *Tx, into func(*Account) *int, query string, arguments ...any) error {
	rows, err := tx.query(query, arguments...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		if account := p.byName[name]; account != nil {
			*into(account) = n
		}
	}
	return rows.Err()
}
