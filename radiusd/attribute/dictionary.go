package attribute

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed dictionary/*.txt
var files embed.FS

// Dictionary knows attributes by name and by number. It doesn't change.
type Dictionary struct {
	byName map[string]*entry // in lower case
	byKind map[Kind]*entry   // the first of those with one number
	names  []string
}

// entry is one attribute of the dictionary.
type entry struct {
	name    string
	kind    Kind
	format  format
	size    int    // octets of a value; 0: as many as it takes
	once    bool   // an accept holds one
	tagged  bool   // RFC 2868: it belongs to one of several tunnels
	refused string // why it can't be sent; "": it can
	values  []value
	known   *entry // of one that is named by number: what the dictionary has
}

// value is one that has a name.
type value struct {
	name   string
	number uint32
}

// New reads the dictionary that is built in.
func New() (*Dictionary, error) {
	d := &Dictionary{byName: make(map[string]*entry), byKind: make(map[Kind]*entry)}
	paths, err := fs.Glob(files, "dictionary/*.txt")
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		file, err := files.Open(path)
		if err != nil {
			return nil, err
		}
		if err := d.read(file); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
	}
	return d, nil
}

// Names are all attributes that can be sent.
func (d *Dictionary) Names() []string { return d.names }

// read takes one file. Its lines are
//
//	vendor 9 Cisco          what follows is of this vendor
//	6 Service-Type integer  number, name, type, and perhaps once or tagged
//	= 2 Framed-User         a value of the attribute above, by name
//	24 State refused own    an attribute that can't be sent, and why
//
// blank, or a comment.
func (d *Dictionary) read(r io.Reader) error {
	var vendor uint32
	var last *entry
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) < 3 {
			return fmt.Errorf("line %q is too short", lines.Text())
		}
		var err error
		switch words[0] {
		case "vendor":
			vendor, err = number(words[1], mostVendor)
		case "=":
			err = last.addValue(words)
		default:
			last, err = d.add(vendor, words)
		}
		if err != nil {
			return fmt.Errorf("line %q: %w", lines.Text(), err)
		}
	}
	return lines.Err()
}

func (e *entry) addValue(words []string) error {
	if e == nil || e.format != formatInteger {
		return errors.New("a value needs an integer above it")
	}
	number, err := number(words[1], 1<<32-1)
	if err != nil {
		return err
	}
	e.values = append(e.values, value{words[2], number})
	return nil
}

func (d *Dictionary) add(vendor uint32, words []string) (*entry, error) {
	within, err := number(words[0], 255)
	if err != nil {
		return nil, err
	}
	e := &entry{name: words[1], kind: kindOf(vendor, uint8(within))}
	if words[2] == "refused" {
		if e.refused = refusals[words[3]]; e.refused == "" {
			return nil, fmt.Errorf("no such refusal: %s", words[3])
		}
	} else if err := e.describe(words[2], words[3:]); err != nil {
		return nil, err
	}
	key := strings.ToLower(e.name)
	if d.byName[key] != nil {
		return nil, fmt.Errorf("%s is there twice", e.name)
	}
	d.byName[key] = e
	if d.byKind[e.kind] == nil {
		d.byKind[e.kind] = e
	}
	if e.refused == "" {
		d.names = append(d.names, e.name)
	}
	return e, nil
}

func (e *entry) describe(written string, words []string) (err error) {
	name, size, sized := strings.Cut(strings.TrimSuffix(written, "]"), "[")
	e.format = format(name)
	if sized {
		if e.size, err = strconv.Atoi(size); err != nil {
			return err
		}
	}
	if fixed, known := sizes[e.format]; !known {
		return fmt.Errorf("no such type: %s", written)
	} else if fixed > 0 {
		e.size = fixed
	}
	for _, word := range words {
		switch word {
		case "once":
			e.once = true
		case "tagged":
			e.tagged = true
		default:
			return fmt.Errorf("no such word: %s", word)
		}
	}
	return nil
}

func number(text string, most uint32) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err == nil && n > uint64(most) {
		err = fmt.Errorf("%d is more than %d", n, most)
	}
	return uint32(n), err
}
