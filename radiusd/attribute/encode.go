package attribute

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"vpn-otpd/radiusd/access"
)

// Encoded is an attribute with all its values, as they stand in a packet.
type Encoded struct {
	Kind       Kind
	Once       bool // an accept holds one (RFC 2865 section 5.44 and its like)
	Attributes []access.Attribute
}

// ErrUnknown: the dictionary has no attribute of that name.
var ErrUnknown = errors.New("unknown attribute")

// mostTag is the last tag of a tunnel (RFC 2868 section 3.1).
const mostTag = 31

// Encode writes an attribute. A name is one of the dictionary, in any case, with
// ":1" to ":31" behind those of tunnels for one of several; or Attr-25, or
// Vendor-9-1. A value is a text, an int64, or a list of such. The error says what
// is expected; it is ErrUnknown where no attribute has the name.
func (d *Dictionary) Encode(name string, written any) (Encoded, error) {
	e, tag, err := d.find(name)
	if err != nil {
		return Encoded{}, err
	}
	if e.refused != "" {
		return Encoded{}, fmt.Errorf("%s can't be sent: %s", e.name, e.refused)
	}
	list, many := written.([]any)
	if !many {
		list = []any{written}
	}
	switch {
	case len(list) == 0:
		return Encoded{}, errors.New("a value is expected, or a list of some")
	case len(list) > 1 && e.once:
		return Encoded{}, fmt.Errorf("an Access-Accept holds one %s", e.name)
	}
	encoded := Encoded{Kind: e.kind, Once: e.once}
	for _, written := range list {
		a, err := d.encodeOne(e, tag, written)
		if err != nil {
			return Encoded{}, err
		}
		encoded.Attributes = append(encoded.Attributes, a)
	}
	return encoded, nil
}

func (d *Dictionary) encodeOne(e *entry, tag uint8, written any) (access.Attribute, error) {
	value, err := e.encode(written)
	if err != nil {
		return access.Attribute{}, err
	}
	if e.format != formatNumber {
		value = e.withTag(tag, value)
	}
	if room := e.kind.room(); len(value) > room {
		return access.Attribute{}, fmt.Errorf("a value of %d octets is too long: %d fit", len(value), room-len(e.withTag(tag, nil)))
	}
	if e.kind == (Kind{Type: vendorSpecific}) {
		return d.whole(value)
	}
	return e.kind.wrap(value), nil
}

// withTag writes the tag of a tunnel (RFC 2868 sections 3.1 and 3.6): numbers give
// their first octet for it, texts have one more where there is a tag.
func (e *entry) withTag(tag uint8, value []byte) []byte {
	switch {
	case !e.tagged:
	case e.format == formatInteger && value != nil:
		value[0] = tag
	case e.format == formatString && tag != 0:
		return append([]byte{tag}, value...)
	}
	return value
}

// find looks an attribute up, and reads its tag.
func (d *Dictionary) find(name string) (e *entry, tag uint8, err error) {
	name, tagText, hasTag := strings.Cut(name, ":")
	if e = d.byName[strings.ToLower(name)]; e == nil {
		e, err = d.byNumber(name)
	}
	if err != nil || !hasTag || e.refused != "" {
		return e, 0, err
	}
	n, err := strconv.ParseUint(tagText, 10, 8)
	switch {
	case !e.tagged:
		return nil, 0, fmt.Errorf("%s is not of a tunnel, and has no tag", e.name)
	case err != nil || n > mostTag:
		return nil, 0, fmt.Errorf("tag %q: a number up to %d is expected", tagText, mostTag)
	}
	return e, uint8(n), nil
}
