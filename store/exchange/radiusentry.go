package exchange

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// radiusEntry is what FreeRADIUS keeps of one user: a list of check items.
type radiusEntry struct {
	name, place string
	items       []item
}

// maxItems is the most check items of one user.
const maxItems = 64

func (e *radiusEntry) add(i item) bool {
	if len(e.items) >= maxItems {
		return false
	}
	i.attribute = strings.ToLower(strings.TrimPrefix(i.attribute, "&"))
	e.items = append(e.items, i)
	return true
}

// read reads a line of check items. more means that it ends in a comma: the list
// goes on on the next line.
func (e *radiusEntry) read(line string) (more, ok bool) {
	rest := strings.TrimLeft(line, " \t")
	for rest != "" && rest[0] != '#' {
		i, after, ok := cutItem(rest)
		i.place = e.place
		if !ok || !e.add(i) {
			return false, false
		}
		rest = strings.TrimLeft(after, " \t")
		comma := strings.HasPrefix(rest, ",")
		if !comma {
			return false, rest == "" || rest[0] == '#'
		}
		if rest = strings.TrimLeft(rest[1:], " \t"); rest == "" {
			return true, true
		}
	}
	return false, true
}

// passwords are attributes of passwords that can't be taken over, in lower case.
// They count whatever their operator, as they do there.
var passwords = map[string]string{
	"cleartext-password": "Cleartext-Password", "user-password": "User-Password", "password": "Password",
	"password-with-header": "Password-With-Header", "nt-password": "NT-Password", "lm-password": "LM-Password",
	"md5-password": "MD5-Password", "smd5-password": "SMD5-Password", "sha-password": "SHA-Password", "sha1-password": "SHA1-Password",
	"ssha-password": "SSHA-Password", "sha2-password": "SHA2-Password", "ssha2-password": "SSHA2-Password", "pbkdf2-password": "PBKDF2-Password",
}

// apply takes over the account, and is false where the entry doesn't hold in
// every case: then what it says of the user is true only sometimes.
func (e *radiusEntry) apply(c *collector) bool {
	for _, i := range e.items {
		if !sets(i.operator) && i.attribute != "crypt-password" && passwords[i.attribute] == "" {
			c.skip(e.place, e.name, "the entry holds only under a condition")
			return false
		}
	}
	account := c.account(e.place, e.name)
	if account == nil {
		return false
	}
	others := 0
	for _, i := range e.items {
		if !e.applyItem(c, i) {
			others++
		}
	}
	if others > 0 {
		c.skip(e.place, e.name, fmt.Sprintf("%d other check items are left out", others))
	}
	return true
}

// applyItem is false for an item that is about something else.
func (e *radiusEntry) applyItem(c *collector, i item) bool {
	switch i.attribute {
	case "totp-secret":
		secret, fault := decodeBase32(i.value)
		e.addDevice(c, i.place, secret, fault)
	case "totp-key":
		secret, fault := decodeOctets(i.value)
		e.addDevice(c, i.place, secret, fault)
	case "crypt-password":
		e.setHash(c, i)
	case "auth-type":
		if strings.EqualFold(i.value, "Reject") {
			c.account(e.place, e.name).Disabled = true
		}
	default:
		if passwords[i.attribute] == "" {
			return false
		}
		c.skip(i.place, e.name, passwords[i.attribute]+" is left out: only hashes of bcrypt and Argon2id are taken over")
	}
	return true
}

func (e *radiusEntry) setHash(c *collector, i item) {
	account := c.account(e.place, e.name)
	switch {
	case !hashUsable(i.value):
		c.skip(i.place, e.name, faultHash)
	case account.PasswordHash != "":
		c.skip(i.place, e.name, "a second Crypt-Password; the first one counts")
	default:
		account.PasswordHash = i.value
	}
}

// decodeOctets reads octets as FreeRADIUS writes them. Without the 0x it would
// take the text itself, which nobody means.
func decodeOctets(written string) (secret []byte, fault string) {
	digits, is := strings.CutPrefix(strings.ToLower(written), "0x")
	secret, err := hex.DecodeString(digits)
	if !is || err != nil {
		return nil, faultHex
	}
	return secret, ""
}

func (e *radiusEntry) addDevice(c *collector, place string, secret []byte, fault string) {
	if fault != "" {
		c.skip(place, e.name, fault)
		return
	}
	c.device(e.name, Device{Place: place, Secret: secret, Algorithm: defaultAlgorithm, Digits: defaultDigits, Period: defaultPeriod})
}
