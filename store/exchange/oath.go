package exchange

import (
	"encoding/hex"
	"io"
	"strings"
)

// OATH reads the users file of the OATH Toolkit (pam_oath, ocserv): type, user,
// PIN and secret in hexadecimal, with state behind them. Several lines of one
// user are several devices. When a code was last used stands there in local
// time without a zone, so LastStep is unknown.
func OATH(source io.Reader) (Batch, error) {
	c := newCollector()
	err := eachLine(source, c, func(place, line string) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			return
		}
		readOATH(c, place, strings.Fields(line))
	})
	return c.finish(err)
}

// oathPeriods are the types that count time, without their digits.
var oathPeriods = map[string]int{"HOTP/T30": 30, "HOTP/T60": 60}

func readOATH(c *collector, place string, fields []string) {
	if len(fields) < 4 { // which of them is the name is a guess
		c.skip(place, "", "the line hasn't a type, a user, a PIN and a secret")
		return
	}
	kind, name, pin, written := fields[0], fields[1], fields[2], fields[3]
	if kind == "HOTP" || kind == "HOTP/E" || strings.HasPrefix(kind, "HOTP/E/") {
		c.skip(place, name, faultEvent)
		return
	}
	d := Device{Place: place, Algorithm: defaultAlgorithm, Digits: defaultDigits}
	if cut := strings.LastIndexByte(kind, '/'); cut > len("HOTP") {
		d.Digits = numberOr(kind[cut+1:], 0)
		kind = kind[:cut]
	}
	if d.Period = oathPeriods[kind]; d.Period == 0 {
		c.skip(place, name, "a type of token that isn't known: HOTP/T30 and HOTP/T60 are")
		return
	}
	secret, err := hex.DecodeString(written)
	if err != nil {
		c.skip(place, name, faultHex)
		return
	}
	d.Secret = secret
	c.device(name, d)
	if pin != "-" && pin != "+" {
		c.skip(place, name, "the PIN is left out: a password does its work")
	}
}
