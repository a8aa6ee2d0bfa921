package exchange

import (
	"io"
	"strings"
)

// FreeRADIUS reads a users file of FreeRADIUS (rlm_files): TOTP-Secret, TOTP-Key
// and Crypt-Password of each user, and Auth-Type := Reject as a disabled one. The
// first entry of a user counts that holds without condition; reply items,
// DEFAULT entries and included files are left out.
func FreeRADIUS(source io.Reader) (Batch, error) {
	file := usersFile{c: newCollector(), seen: make(map[string]string)}
	err := eachLine(source, file.c, file.line)
	file.breakOff()
	return file.c.finish(err)
}

// usersFile is one reading.
type usersFile struct {
	c    *collector
	seen map[string]string // name to the place of the entry that counts
	open *radiusEntry      // whose check items go on on the next line
}

// line reads the beginning of an entry, which isn't indented, or what follows.
func (f *usersFile) line(place, line string) {
	items := strings.TrimLeft(line, " \t")
	indented := items != line
	if strings.HasPrefix(items, "#") || indented && f.open == nil { // a reply item
		return
	}
	if !indented {
		f.breakOff()
		if f.open, items = beginEntry(f.c, place, line); f.open == nil {
			return
		}
	}
	more, ok := f.open.read(items)
	switch {
	case !ok:
		f.breakOff()
	case !more:
		f.end()
	}
}

const faultItems = "the check items can't be read"

// breakOff gives up an entry that hasn't come to its end.
func (f *usersFile) breakOff() {
	if f.open != nil {
		f.c.skip(f.open.place, f.open.name, faultItems)
		f.open = nil
	}
}

func (f *usersFile) end() {
	entry := f.open
	f.open = nil
	if place := f.seen[entry.name]; place != "" {
		f.c.skip(entry.place, entry.name, "a later entry of the same user; the one in "+place+" counts")
	} else if entry.apply(f.c) {
		f.seen[entry.name] = entry.place
	}
}

// beginEntry reads the name that an entry begins with. It returns nil, and has
// recorded why, where there is nobody to take over.
func beginEntry(c *collector, place, line string) (e *radiusEntry, items string) {
	if strings.HasPrefix(line, "$") {
		c.skip(place, "", "another file is included there: import it by itself")
		return nil, ""
	}
	name, items, ok := cutWord(line)
	switch {
	case !ok:
		c.skip(place, "", "the user name can't be read")
		return nil, ""
	case name == "DEFAULT":
		c.skip(place, name, "an entry for everybody and not of a user")
		return nil, ""
	}
	return &radiusEntry{name: name, place: place}, items
}
