package attribute

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"vpn-otpd/radiusd/access"
)

var (
	standardNumber = regexp.MustCompile(`^(?i:attr)-(\d{1,3})$`)
	vendorNumber   = regexp.MustCompile(`^(?i:vendor)-(\d{1,8})-(\d{1,3})$`)
)

// byNumber makes an entry of a name such as Attr-25 or Vendor-9-1. What the
// dictionary knows of the number holds.
func (d *Dictionary) byNumber(name string) (*entry, error) {
	var vendor uint64
	words := standardNumber.FindStringSubmatch(name)
	if words == nil {
		if words = vendorNumber.FindStringSubmatch(name); words == nil {
			return nil, ErrUnknown
		}
		vendor, _ = strconv.ParseUint(words[1], 10, 32)
		if vendor == 0 || vendor > mostVendor {
			return nil, fmt.Errorf("vendor %d: a number from 1 to %d is expected", vendor, mostVendor)
		}
		if odd[uint32(vendor)] {
			return nil, fmt.Errorf("vendor %d has a way of its own to write its attributes: write the whole value as Attr-26, vendor included", vendor)
		}
	}
	number, _ := strconv.ParseUint(words[len(words)-1], 10, 16)
	switch {
	case number == 0 || number > 255:
		return nil, fmt.Errorf("type %d: a number from 1 to 255 is expected", number)
	case vendor == 0 && number > 240:
		return nil, fmt.Errorf("type %d is for extended attributes, which can't be sent", number)
	}
	kind := kindOf(uint32(vendor), uint8(number))
	known := d.byKind[kind]
	if known == nil || kind == (Kind{Type: vendorSpecific}) {
		return &entry{name: name, kind: kind, format: formatNumber}, nil
	}
	if known.refused != "" {
		return known, nil
	}
	return &entry{name: known.name, kind: kind, format: formatNumber, known: known, once: known.once, size: known.size}, nil
}

// whole takes a Vendor-Specific that was written as one, unless what is in it
// can't be sent.
func (d *Dictionary) whole(value []byte) (access.Attribute, error) {
	a := access.Attribute{Type: vendorSpecific, Value: value}
	if len(value) < 5 || value[0] != 0 {
		return a, errors.New("a Vendor-Specific is at least five octets, of which the first is 0 and the next three are the vendor")
	}
	for _, part := range Parts(a) {
		if known := d.byKind[KindOf(part)]; known != nil && known.refused != "" {
			return a, fmt.Errorf("%s can't be sent: %s", known.name, known.refused)
		}
	}
	return a, nil
}
