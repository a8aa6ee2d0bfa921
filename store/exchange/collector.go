package exchange

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// collector makes a Batch and keeps its bounds. Once one is broken, err is set
// and the rest of the source is of no interest.
type collector struct {
	batch Batch
	index map[string]int // name to place in batch.Accounts
	users int            // the most accounts
	skips int            // the most things skipped
	err   error
}

func newCollector() *collector {
	return &collector{index: make(map[string]int), users: maxAccounts, skips: maxSkipped}
}

// finish returns the whole Batch or nothing of it.
func (c *collector) finish(err error) (Batch, error) {
	if err == nil {
		err = c.err
	}
	if err != nil {
		return Batch{}, err
	}
	return c.batch, nil
}

// skip records what is left out.
func (c *collector) skip(place, name, reason string) {
	if len(c.batch.Skipped) >= c.skips {
		c.err = errSkipped
		return
	}
	c.batch.Skipped = append(c.batch.Skipped, Skipped{Place: place, Name: printable(name), Reason: reason})
}

// account finds the account of a name or makes it. It returns nil, and has
// recorded why, where there can be none. The pointer is good until the next call.
func (c *collector) account(place, name string) *Account {
	if at, there := c.index[name]; there {
		return &c.batch.Accounts[at]
	}
	if fault := nameFault(name); fault != "" {
		c.skip(place, name, fault)
		return nil
	}
	if len(c.batch.Accounts) >= c.users {
		c.err = errAccounts
		return nil
	}
	c.index[name] = len(c.batch.Accounts)
	c.batch.Accounts = append(c.batch.Accounts, Account{Name: name, Place: place})
	return &c.batch.Accounts[len(c.batch.Accounts)-1]
}

// device adds a device to the account of a name. It makes no account for a
// device that can't be taken.
func (c *collector) device(name string, d Device) {
	fault := d.fault()
	if at, there := c.index[name]; there && fault == "" {
		fault = besidesFault(c.batch.Accounts[at].Devices, d)
	}
	if fault != "" {
		c.skip(d.Place, name, fault)
		return
	}
	if account := c.account(d.Place, name); account != nil {
		account.Devices = append(account.Devices, d)
	}
}

// besidesFault says why a device can't stand beside those of its user.
func besidesFault(devices []Device, d Device) string {
	for _, other := range devices {
		switch {
		case bytes.Equal(other.Secret, d.Secret) && other.Period == d.Period:
			return "the same secret as in " + other.Place
		case d.Label != "" && other.Label == d.Label:
			return "the user has a device with this label in " + other.Place
		}
	}
	if len(devices) >= maxDevices {
		return fmt.Sprintf("the user has %d devices already", maxDevices)
	}
	return ""
}

// maxName is the most characters a name has.
const maxName = 256

func nameFault(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "no user name"
	case !utf8.ValidString(name):
		return "the user name isn't UTF-8"
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Sprintf("the user name has more than %d characters", maxName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "the user name has control characters"
	}
	return ""
}

// shownName is how many characters of a name a report shows.
const shownName = 64

// printable is a name as a terminal may show it.
func printable(name string) string {
	if len(name) > 4*shownName { // no character of UTF-8 is longer than 4 octets
		name = name[:4*shownName+1]
	}
	shown := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, name))
	if len(shown) > shownName {
		return string(shown[:shownName]) + "…"
	}
	return string(shown)
}
