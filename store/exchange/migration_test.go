package exchange

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func migrationText(text string) (Batch, error) { return Migration(strings.NewReader(text)) }

// migrated is one entry of a payload, with the numbers of its algorithm,
// digits and type.
func migrated(name, secret string, algorithm, digits, kind uint64) []byte {
	var entry []byte
	entry = protowire.AppendTag(entry, 1, protowire.BytesType)
	entry = protowire.AppendString(entry, secret)
	entry = protowire.AppendTag(entry, 2, protowire.BytesType)
	entry = protowire.AppendString(entry, name)
	entry = protowire.AppendTag(entry, 3, protowire.BytesType)
	entry = protowire.AppendString(entry, "Example")
	for number, value := range map[protowire.Number]uint64{4: algorithm, 5: digits, 6: kind} {
		entry = protowire.AppendTag(entry, number, protowire.VarintType)
		entry = protowire.AppendVarint(entry, value)
	}
	return entry
}

func payload(size, index, id uint64, entries ...[]byte) []byte {
	var out []byte
	for _, entry := range entries {
		out = protowire.AppendTag(out, 1, protowire.BytesType)
		out = protowire.AppendBytes(out, entry)
	}
	for number, value := range map[protowire.Number]uint64{2: 1, 3: size, 4: index, 5: id} {
		out = protowire.AppendTag(out, number, protowire.VarintType)
		out = protowire.AppendVarint(out, value)
	}
	return out
}

func migrationURI(octets []byte) string {
	return "otpauth-migration://offline?data=" + url.QueryEscape(base64.StdEncoding.EncodeToString(octets)) + "\n"
}

const octetsA, octetsB = "12345678901234567890", "Hello!\xde\xad\xbe\xef\xff\xff\xff\xfb\xfb"

// A payload written by hand, octet by octet.
func TestMigrationOctets(t *testing.T) {
	t.Parallel()
	octets := "\x0a\x28\x0a\x14" + octetsA + "\x12\x05alice\x1a\x03VPN\x20\x01\x28\x01\x30\x02" + "\x10\x01\x18\x01\x20\x00\x28\x07"
	batch := readText(t, migrationText, migrationURI([]byte(octets)))
	wantNames(t, batch, "alice")
	wantSkipped(t, batch)
	if d := batch.Accounts[0].Devices[0]; string(d.Secret) != octetsA || d.Algorithm != "SHA1" || d.Digits != 6 || d.Period != 30 || d.Place != "line 1, entry 1" {
		t.Errorf("%+v", d)
	}
}

func TestMigration(t *testing.T) {
	t.Parallel()
	first := payload(2, 0, 1<<63, migrated("alice", octetsA, 1, 1, 2), migrated("Example:bob", octetsB, 3, 2, 2), migrated("carol", octetsA, 0, 0, 0),
		migrated("hotp", octetsA, 1, 1, 1), migrated("md5", octetsA, 4, 1, 2), migrated("digits", octetsA, 1, 3, 2), migrated("kind", octetsA, 1, 1, 3),
		migrated("short", "123456789", 1, 1, 2), migrated("", octetsA, 1, 1, 2))
	second := payload(2, 1, 1<<63, migrated("dave", octetsA, 2, 1, 2))
	raw := "otpauth-migration://offline?data=" + base64.RawStdEncoding.EncodeToString(second) + "\n"
	batch := readText(t, migrationText, migrationURI(first)+raw)
	wantNames(t, batch, "alice", "bob", "carol", "dave")
	wantSkipped(t, batch, "line 1, entry 4: "+faultEvent, "line 1, entry 5: "+faultAlgorithm, "line 1, entry 6: "+faultDigits,
		"line 1, entry 7: a kind of device that isn't known", "line 1, entry 8: "+faultSecret, "line 1, entry 9: no user name")
	if bob := batch.Accounts[1].Devices[0]; bob.Algorithm != "SHA512" || bob.Digits != 8 || string(bob.Secret) != octetsB {
		t.Errorf("%+v", bob)
	}
	batch = readText(t, migrationText, migrationURI(second)+migrationURI(second))
	wantNames(t, batch, "dave")
	wantSkipped(t, batch, "line 2, entry 1: the same secret as in line 1, entry 1", "line 1: the move has more parts than the 1 that are here")
}

func TestMigrationSkips(t *testing.T) {
	t.Parallel()
	whole := payload(1, 0, 1, migrated("alice", octetsA, 1, 1, 2))
	for name, test := range map[string]struct{ line, reason string }{
		"an otpauth URI": {"otpauth://totp/alice?secret=" + secretA, "not an otpauth-migration URI"},
		"no data":        {"otpauth-migration://offline?x=y", "not an otpauth-migration URI"},
		"no Base64":      {"otpauth-migration://offline?data=-_-_", "not an otpauth-migration URI"},
		"half a message": {migrationURI(whole[:20]), "the rest of the URI can't be read: it is damaged"},
		"text":           {migrationURI([]byte("alice and bob")), "the rest of the URI can't be read: it is damaged"},
		"half an entry":  {migrationURI(payload(1, 0, 1, migrated("alice", octetsA, 1, 1, 2)[:30])), "the rest of the URI can't be read: it is damaged"},
		"an open group":  {migrationURI([]byte{0x3b, 0x08, 0x01}), "the rest of the URI can't be read: it is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batch := readText(t, migrationText, test.line)
			wantNames(t, batch)
			wantSkipped(t, batch, "line 1: "+test.reason)
		})
	}
}
