package attribute

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// address writes an IPv4 or IPv6 address.
func (e *entry) address(text string) ([]byte, error) {
	address, err := netip.ParseAddr(text)
	switch {
	case e.format == formatIPv4 && (err != nil || !address.Is4()):
		return nil, errors.New(`an IPv4 address is expected, such as "192.0.2.1"`)
	case e.format == formatIPv6 && (err != nil || !address.Is6() || address.Is4In6() || address.Zone() != ""):
		return nil, errors.New(`an IPv6 address is expected, such as "2001:db8::1"`)
	}
	return address.AsSlice(), nil
}

// encodePrefix writes all octets of the address (RFC 3162 section 2.3): some
// clients don't take fewer.
func encodePrefix(text string) ([]byte, error) {
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil || !prefix.Addr().Is6() || prefix.Addr().Is4In6():
		return nil, errors.New(`an IPv6 prefix is expected, such as "2001:db8:1::/48"`)
	case prefix != prefix.Masked():
		return nil, fmt.Errorf("%s has bits set beyond its length; the prefix is %s", text, prefix.Masked())
	}
	return append([]byte{0, byte(prefix.Bits())}, prefix.Addr().AsSlice()...), nil
}

// encodeInterface writes an interface identifier (RFC 3162 section 2.2).
func encodeInterface(text string) ([]byte, error) {
	groups := strings.Split(text, ":")
	var value []byte
	for _, group := range groups {
		number, err := strconv.ParseUint(group, 16, 16)
		if err != nil || len(group) > 4 || len(groups) != 4 {
			return nil, errors.New(`an interface identifier is expected, such as "0:0:0:1"`)
		}
		value = binary.BigEndian.AppendUint16(value, uint16(number))
	}
	return value, nil
}
