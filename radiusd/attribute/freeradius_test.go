package attribute_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"vpn-otpd/radiusd/attribute"
)

const foreign = "/usr/share/freeradius"

// foreignEntry is an attribute of FreeRADIUS's dictionaries.
type foreignEntry struct {
	vendor, number string
	kind           string
	tagged         bool
	encrypted      bool
}

// foreignDictionaries reads names, numbers and types of everything that
// FreeRADIUS has, and the numbers of named values under "attribute value".
func foreignDictionaries(t *testing.T) (entries map[string]foreignEntry, values map[string]uint64) {
	t.Helper()
	paths, _ := filepath.Glob(foreign + "/dictionary.*")
	if len(paths) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("no dictionaries in " + foreign + ": install freeradius-common")
		}
		t.Skip("no dictionaries in " + foreign + ": install freeradius-common")
	}
	entries, values = make(map[string]foreignEntry), make(map[string]uint64)
	for _, path := range paths {
		name := strings.TrimPrefix(filepath.Ext(path), ".")
		if strings.HasSuffix(path, ".illegal") || name == "compat" || strings.Contains(path, "freeradius.") || name == "dhcp" || name == "vqp" || name == "openser" {
			continue // they redefine what the others say
		}
		readForeign(t, path, entries, values)
	}
	return entries, values
}

func readForeign(t *testing.T, path string, entries map[string]foreignEntry, values map[string]uint64) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	vendor := ""
	numbers := make(map[string]string)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "VENDOR":
			numbers[words[1]] = words[2]
		case "BEGIN-VENDOR":
			vendor = numbers[words[1]]
		case "END-VENDOR":
			vendor = ""
		case "ATTRIBUTE":
			flags := strings.Join(words[4:], ",")
			entries[strings.ToLower(words[1])] = foreignEntry{vendor, words[2], strings.ToLower(words[3]), strings.Contains(flags, "has_tag"), strings.Contains(flags, "encrypt")}
		case "VALUE":
			number, err := strconv.ParseUint(words[3], 0, 32)
			if err == nil {
				values[strings.ToLower(words[1]+" "+words[2])] = number
			}
		}
	}
}

// ownLines are the dictionary's lines, with the vendor that each belongs to.
func ownLines(t *testing.T, see func(vendor string, words []string)) {
	t.Helper()
	paths, err := filepath.Glob("dictionary/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		vendor := ""
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			switch {
			case len(words) == 0 || words[0] == "#":
			case words[0] == "vendor":
				vendor = words[1]
			default:
				see(vendor, words)
			}
		}
	}
}

// Each attribute and each named value is what the dictionaries of FreeRADIUS say.
func TestAsInFreeRADIUS(t *testing.T) {
	t.Parallel()
	entries, values := foreignDictionaries(t)
	seen, named, last := 0, 0, ""
	ownLines(t, func(vendor string, words []string) {
		if words[0] == "=" {
			named++
			want, found := values[strings.ToLower(last+" "+words[2])]
			if !found || words[1] != fmt.Sprint(want) {
				t.Errorf("%s %s: %s, FreeRADIUS says %d (%t)", last, words[2], words[1], want, found)
			}
			return
		}
		seen++
		last = words[1]
		theirs, found := entries[strings.ToLower(last)]
		tagged, refused := strings.Contains(strings.Join(words, " "), " tagged"), words[2] == "refused"
		switch {
		case !found:
			t.Errorf("%s isn't there", last)
		case theirs.vendor != vendor || theirs.number != words[0]:
			t.Errorf("%s is %s of vendor %q, FreeRADIUS says %s of %q", last, words[0], vendor, theirs.number, theirs.vendor)
		case theirs.encrypted && !refused:
			t.Errorf("%s is sent encrypted", last)
		case !refused && (theirs.kind != words[2] && !strings.HasPrefix(words[2], theirs.kind+"[") || theirs.tagged != tagged):
			t.Errorf("%s is %s (tagged: %t), FreeRADIUS says %s (%t)", last, words[2], tagged, theirs.kind, theirs.tagged)
		}
	})
	if seen < 600 || named < 150 {
		t.Errorf("only %d attributes and %d values were compared", seen, named)
	}
}

// Every attribute of the RFCs up to number 103 is either sent or refused.
func TestAllStandardAttributes(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	known := make(map[string]bool)
	for _, name := range d.Names() {
		known[strings.ToLower(name)] = true
	}
	entries, _ := foreignDictionaries(t)
	compared := 0
	for name, theirs := range entries {
		number, err := strconv.Atoi(theirs.number)
		if err != nil || theirs.vendor != "" || number > 103 {
			continue
		}
		compared++
		if _, err := d.Encode(name, []any{}); err == nil || strings.Contains(err.Error(), attribute.ErrUnknown.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if compared < 90 {
		t.Errorf("only %d attributes were compared", compared)
	}
}
