package attribute

import (
	"encoding/binary"

	"vpn-otpd/radiusd/access"
)

const (
	vendorSpecific = 26
	mostVendor     = 1<<24 - 1 // the highest octet is zero (RFC 2865 section 5.26)
	vendorHeader   = 6         // vendor, type and length
	longestValue   = 253
)

// Kind says which attribute one is: by its type, and within a Vendor-Specific by
// vendor and type.
type Kind struct {
	Type   uint8
	Vendor uint32
	Within uint8 // type within the Vendor-Specific; 0 where its content can't be read
}

func kindOf(vendor uint32, number uint8) Kind {
	if vendor == 0 {
		return Kind{Type: number}
	}
	return Kind{Type: vendorSpecific, Vendor: vendor, Within: number}
}

// KindOf reads which attribute one is.
func KindOf(a access.Attribute) Kind {
	kind := Kind{Type: a.Type}
	if a.Type != vendorSpecific || len(a.Value) < 4 {
		return kind
	}
	kind.Vendor = binary.BigEndian.Uint32(a.Value)
	if len(a.Value) >= vendorHeader && !odd[kind.Vendor] {
		kind.Within = a.Value[4]
	}
	return kind
}

// Parts takes a Vendor-Specific apart that holds several attributes, so that
// each is one of its own. Whatever else it is comes back as it is.
func Parts(a access.Attribute) []access.Attribute {
	kind := KindOf(a)
	if kind.Within == 0 {
		return []access.Attribute{a}
	}
	var parts []access.Attribute
	for rest := a.Value[4:]; len(rest) > 0; {
		if len(rest) < 2 || rest[1] < 2 || int(rest[1]) > len(rest) {
			return []access.Attribute{a}
		}
		value := append(append([]byte(nil), a.Value[:4]...), rest[:rest[1]]...)
		parts = append(parts, access.Attribute{Type: vendorSpecific, Value: value})
		rest = rest[rest[1]:]
	}
	return parts
}

// wrap writes a value as an attribute.
func (k Kind) wrap(value []byte) access.Attribute {
	if k.Vendor == 0 {
		return access.Attribute{Type: k.Type, Value: value}
	}
	header := binary.BigEndian.AppendUint32(nil, k.Vendor)
	header = append(header, k.Within, byte(len(value)+2))
	return access.Attribute{Type: vendorSpecific, Value: append(header, value...)}
}

// room is how many octets a value may have.
func (k Kind) room() int {
	if k.Vendor == 0 {
		return longestValue
	}
	return longestValue - vendorHeader
}

// Size is what attributes take in a packet, in octets.
func Size(list []access.Attribute) (octets int) {
	for _, a := range list {
		octets += 2 + len(a.Value)
	}
	return octets
}
