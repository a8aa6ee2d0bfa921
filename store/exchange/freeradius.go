package exchange

import (
	"fmt"
	"io"
	"strings"
)

// FreeRADIUS reads a users file of FreeRADIUS (rlm_files): TOTP-Secret, TOTP-Key
// and Crypt-Password of each user, and Auth-Type := Reject as a disabled one. The
// first entry of a user counts that holds without condition; reply items,
// DEFAULT entries and included files are left out.
func FreeRADIUS(source io.Reader) (Batch, error) {
	c := newCollector()
	seen := make(map[string]string) // name to the place of the entry that counts
	var open *radiusEntry           // its list of check items goes on on the next line
	end := func(e radiusEntry) {
		if place := seen[e.name]; place != "" {
			c.skip(e.place, e.name, "a later entry of the same user; the one in "+place+" counts")
		} else if e.apply(c) {
			seen[e.name] = e.place
		}
	}
	err := eachLine(source, c, func(place, line string) {
		indented := strings.TrimLeft(line, " \t")
		switch {
		case strings.HasPrefix(indented, "#"):
			return
		case indented != line && open == nil: // a reply item
			return
		case indented != line:
		case open != nil:
			c.skip(open.place, open.name, faultItems)
			open = nil
			fallthrough
		default:
			var ok bool
			if open, indented, ok = beginEntry(c, place, line); !ok {
				return
			}
		}
		more, ok := open.read(indented)
		switch {
		case !ok:
			c.skip(open.place, open.name, faultItems)
		case more:
			return
		default:
			end(*open)
		}
		open = nil
	})
	if open != nil {
		c.skip(open.place, open.name, faultItems)
	}
	return c.finish(err)
}

const faultItems = "the check items can't be read"

// beginEntry reads the name that an entry begins with. It is false, and has
// recorded why, where there is nobody to take over.
func beginEntry(c *collector, place, line string) (e *radiusEntry, items string, ok bool) {
	if strings.HasPrefix(line, "$") {
		c.skip(place, "", "another file is included there: import it by itself")
		return nil, "", false
	}
	name, items, ok := cutWord(line)
	switch {
	case !ok:
		c.skip(place, "", "the user name can't be read")
		return nil, "", false
	case name == "DEFAULT":
		c.skip(place, name, "an entry for everybody and not of a user")
		return nil, "", false
	}
	return &radiusEntry{name: name, place: place}, items, true
}

// Radcheck reads FreeRADIUS's table radcheck as comma-separated values with a
// header line: username, attribute, op and value, and optionally id.
func Radcheck(source io.Reader) (Batch, error) {
	c := newCollector()
	return c.finish(readRadcheck(source, c))
}

func readRadcheck(source io.Reader, c *collector) error {
	var entries []*radiusEntry // a user's rows may stand apart, and are one list
	index := make(map[string]*radiusEntry)
	err := eachRow(source, c, radcheckColumns, func(place string, row map[string]string) {
		name := row["username"]
		e := index[name]
		if e == nil {
			if len(entries) >= c.users {
				c.err = errAccounts
				return
			}
			e = &radiusEntry{name: name, place: place}
			index[name] = e
			entries = append(entries, e)
		}
		if !e.add(item{attribute: row["attribute"], operator: row["op"], value: row["value"], place: place}) {
			c.skip(place, name, fmt.Sprintf("the user has more than %d check items", maxItems))
		}
	})
	for _, e := range entries {
		e.apply(c)
	}
	return err
}

var radcheckColumns = columns{must: []string{"username", "attribute", "op", "value"}, may: []string{"id"}}
