package upstream

import (
	"bufio"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Every attribute that FreeRADIUS's dictionaries call encrypted is kept back.
func TestEncryptedAttributes(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("/usr/share/freeradius/dictionary*")
	if err != nil || len(paths) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("the dictionaries are missing: install freeradius-common")
		}
		t.Skip("the dictionaries are missing: install freeradius-common")
	}
	// Another table of the same vendor than the one that is in use.
	unused := []string{"dictionary.ascend.illegal"}
	seen := 0
	for _, path := range paths {
		if slices.Contains(unused, filepath.Base(path)) {
			continue
		}
		for vendor, kinds := range encryptedIn(t, path) {
			for _, kind := range kinds {
				seen++
				if vendor == 0 {
					if passedOn(kind, []byte("value")) {
						t.Errorf("%s: attribute %d is passed on", path, kind)
					}
					continue
				}
				value := append(binary.BigEndian.AppendUint32(nil, vendor), kind, 3, 'x')
				if passedOn(vendorSpecific, value) {
					t.Errorf("%s: attribute %d of vendor %d is passed on", path, kind, vendor)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("the dictionaries name %d encrypted attributes", seen)
	}
}

// encryptedIn are the encrypted attributes of a dictionary, by vendor; 0: none.
func encryptedIn(t *testing.T, path string) map[uint32][]uint8 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	vendors, found := make(map[string]uint32), make(map[uint32][]uint8)
	var vendor uint32
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) < 2:
		case fields[0] == "VENDOR" && len(fields) > 2:
			number, err := strconv.ParseUint(fields[2], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			vendors[fields[1]] = uint32(number)
		case fields[0] == "BEGIN-VENDOR":
			vendor = vendors[fields[1]]
		case fields[0] == "END-VENDOR":
			vendor = 0
		case fields[0] == "ATTRIBUTE" && slices.ContainsFunc(fields[4:], func(flag string) bool { return strings.Contains(flag, "encrypt=") }):
			outer, _, _ := strings.Cut(fields[2], ".")
			kind, err := strconv.ParseUint(outer, 10, 8)
			if err != nil {
				t.Fatal(path, err)
			}
			found[vendor] = append(found[vendor], uint8(kind))
		}
	}
	return found
}
