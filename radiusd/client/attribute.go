package client

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"layeh.com/radius"
)

// Attribute is an attribute of a reply as people read it.
type Attribute struct{ Name, Value string }

// kinds are the attributes of an accept that have a name here (RFC 2865,
// RFC 2868, RFC 2869), and how their values are written.
var kinds = map[radius.Type]struct {
	name  string
	write func([]byte) string
}{
	1: {"User-Name", quoted}, 6: {"Service-Type", number}, 7: {"Framed-Protocol", number},
	8: {"Framed-IP-Address", address}, 9: {"Framed-IP-Netmask", address}, 11: {"Filter-Id", quoted},
	18: {"Reply-Message", quoted}, 22: {"Framed-Route", quoted}, 24: {"State", quoted}, 25: {"Class", quoted},
	26: {"Vendor-Specific", hexadecimal}, 27: {"Session-Timeout", number}, 28: {"Idle-Timeout", number},
	29: {"Termination-Action", number}, 33: {"Proxy-State", hexadecimal}, 64: {"Tunnel-Type", hexadecimal},
	65: {"Tunnel-Medium-Type", hexadecimal}, 76: {"Prompt", number}, 80: {"Message-Authenticator", hexadecimal},
	81: {"Tunnel-Private-Group-Id", quoted}, 85: {"Acct-Interim-Interval", number}, 101: {"Error-Cause", number},
}

// List is every attribute of the reply, in order.
func (r *Reply) List() []Attribute {
	var list []Attribute
	for _, a := range r.Attributes {
		kind, known := kinds[a.Type]
		if !known {
			list = append(list, Attribute{fmt.Sprintf("Attribute-%d", a.Type), hexadecimal(a.Attribute)})
			continue
		}
		list = append(list, Attribute{kind.name, kind.write(a.Attribute)})
	}
	return list
}

// quoted is a text, or hexadecimal where a terminal could not show it.
func quoted(value []byte) string {
	text := string(value)
	if strings.ContainsFunc(text, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }) {
		return hexadecimal(value)
	}
	return strconv.Quote(text)
}

func hexadecimal(value []byte) string { return fmt.Sprintf("0x%x", value) }

func number(value []byte) string {
	if len(value) != 4 {
		return hexadecimal(value)
	}
	return strconv.FormatUint(uint64(binary.BigEndian.Uint32(value)), 10)
}

func address(value []byte) string {
	if len(value) != 4 {
		return hexadecimal(value)
	}
	return netip.AddrFrom4([4]byte(value)).String()
}
