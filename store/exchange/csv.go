package exchange

import (
	"fmt"
	"io"
	"strings"
)

// CSV reads devices and passwords from comma-separated values (RFC 4180). The
// first line names the columns, in any order: user and secret, and optionally
// label, password (in clear), algorithm, digits and period. Another row of the
// same user is another device. A row may do without a secret if it has a password.
func CSV(source io.Reader) (Batch, error) {
	c := newCollector()
	err := eachRow(source, c, deviceColumns, func(place string, row map[string]string) {
		name, secret, password := row["user"], row["secret"], row["password"]
		if name == "" || secret == "" && password == "" {
			c.skip(place, name, "a row has a user, and a secret or a password")
			return
		}
		if password != "" {
			addPassword(c, place, name, password)
		}
		if secret == "" {
			return
		}
		d := Device{Place: place, Label: row["label"], Algorithm: algorithmNamed(row["algorithm"]),
			Digits: numberOr(row["digits"], defaultDigits), Period: numberOr(row["period"], defaultPeriod)}
		var fault string
		if d.Secret, fault = decodeBase32(secret); fault != "" {
			c.skip(place, name, fault)
			return
		}
		c.device(name, d)
	})
	return c.finish(err)
}

var deviceColumns = columns{must: []string{"user", "secret"}, may: []string{"label", "password", "algorithm", "digits", "period"}}

// maxPassword is the most octets of a password that RADIUS carries (RFC 2865
// section 5.2).
const maxPassword = 128

func addPassword(c *collector, place, name, password string) {
	if len(password) > maxPassword || strings.HasSuffix(password, "\x00") {
		c.skip(place, name, fmt.Sprintf("the password is left out: RADIUS can't carry it (at most %d octets, no NUL at the end)", maxPassword))
		return
	}
	account := c.account(place, name)
	switch {
	case account == nil:
	case account.Password == nil:
		account.Password = []byte(password)
	case string(account.Password) != password:
		c.skip(place, name, "another password than in a row before; the first one counts")
	}
}
