package exchange

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Migration reads what Google Authenticator shows as QR codes for a move to
// another phone: otpauth-migration URIs, one a line, each with some devices. Of
// a move in several parts, missing parts are reported.
func Migration(source io.Reader) (Batch, error) {
	c := newCollector()
	parts := make(map[uint64]*move)
	var order []uint64
	err := eachLine(source, c, func(place, line string) {
		payload, ok := migrationPayload(strings.TrimSpace(line))
		if !ok {
			c.skip(place, "", "not an otpauth-migration URI")
			return
		}
		m, ok := readMigration(c, place, payload)
		if !ok {
			c.skip(place, "", "the rest of the URI can't be read: it is damaged")
			return
		}
		if parts[m.id] == nil {
			parts[m.id] = &move{place: place, size: m.size, seen: make(map[uint64]bool)}
			order = append(order, m.id)
		}
		parts[m.id].seen[m.index] = true
	})
	for _, id := range order {
		if m := parts[id]; uint64(len(m.seen)) < m.size {
			c.skip(m.place, "", fmt.Sprintf("the move has more parts than the %d that are here", len(m.seen)))
		}
	}
	return c.finish(err)
}

// move is a whole of several parts, as far as they are here.
type move struct {
	place string
	size  uint64
	seen  map[uint64]bool
}

// migrationPayload is the protobuf message in a URI. A plus sign that nobody
// encoded comes out of the query as a blank, which Base64 hasn't.
func migrationPayload(text string) ([]byte, bool) {
	uri, err := url.Parse(text)
	if err != nil || !strings.EqualFold(uri.Scheme, "otpauth-migration") {
		return nil, false
	}
	data := strings.ReplaceAll(uri.Query().Get("data"), " ", "+")
	payload, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(data, "="))
	return payload, err == nil && len(payload) > 0
}

// message is what stands behind the field numbers of a protobuf message that
// has no groups; of a number that is there more than once, the last.
type message struct {
	numbers map[protowire.Number]uint64
	texts   map[protowire.Number][]byte
}

// fields calls read for each field of a message, and is false where the message
// is damaged.
func fields(octets []byte, read func(number protowire.Number, value uint64, text []byte)) bool {
	for len(octets) > 0 {
		number, kind, n := protowire.ConsumeTag(octets)
		if n < 0 {
			return false
		}
		octets = octets[n:]
		var value uint64
		var text []byte
		switch kind {
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(octets)
		case protowire.BytesType:
			text, n = protowire.ConsumeBytes(octets)
		default:
			n = protowire.ConsumeFieldValue(number, kind, octets)
		}
		if n < 0 {
			return false
		}
		octets = octets[n:]
		read(number, value, text)
	}
	return true
}

// part says which part of a move a payload is.
type part struct{ size, index, id uint64 }

// readMigration takes over the devices of one payload. It is false where the
// payload is damaged; what came before the damage is taken.
func readMigration(c *collector, place string, payload []byte) (p part, ok bool) {
	entry := 0
	whole := true
	ok = fields(payload, func(number protowire.Number, value uint64, text []byte) {
		switch number {
		case 1:
			entry++
			whole = readMigrated(c, fmt.Sprintf("%s, entry %d", place, entry), text) && whole
		case 3:
			p.size = value
		case 4:
			p.index = value
		case 5:
			p.id = value
		}
	})
	return p, ok && whole
}

// The words of the message: 0 means what a URI that says nothing means.
var (
	migrationAlgorithms = map[uint64]string{0: defaultAlgorithm, 1: "SHA1", 2: "SHA256", 3: "SHA512"}
	migrationDigits     = map[uint64]int{0: defaultDigits, 1: 6, 2: 8}
)

func readMigrated(c *collector, place string, octets []byte) bool {
	m := message{numbers: make(map[protowire.Number]uint64), texts: make(map[protowire.Number][]byte)}
	whole := fields(octets, func(number protowire.Number, value uint64, text []byte) {
		if text != nil {
			m.texts[number] = text
		} else {
			m.numbers[number] = value
		}
	})
	if !whole {
		return false
	}
	name := labelUser(string(m.texts[2]))
	switch m.numbers[6] {
	case 0, 2:
	case 1:
		c.skip(place, name, faultEvent)
		return true
	default:
		c.skip(place, name, "a kind of device that isn't known")
		return true
	}
	c.device(name, Device{Place: place, Secret: m.texts[1], Period: defaultPeriod,
		Algorithm: migrationAlgorithms[m.numbers[4]], Digits: migrationDigits[m.numbers[5]]})
	return true
}
