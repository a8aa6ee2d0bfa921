package attribute_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/attribute"
)

func dictionary(t testing.TB) *attribute.Dictionary {
	t.Helper()
	d, err := attribute.New()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRefused(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	long := strings.Repeat("x", 254)
	for _, test := range []struct {
		name  string
		value any
		words string
	}{
		// What can't be sent, and why.
		{"User-Name", "alice", "by the daemon itself"},
		{"user-name", "alice", "User-Name can't be sent"},
		{"State", "x", "by the daemon itself"},
		{"Proxy-State", "x", "by the daemon itself"},
		{"Message-Authenticator", "x", "by the daemon itself"},
		{"EAP-Message", "x", "by the daemon itself"},
		{"Reply-Message", "Welcome", "portals take it for permissions"},
		{"Prompt", int64(0), "challenges"},
		{"Error-Cause", int64(404), "refusals"},
		{"User-Password", "x", "requests"},
		{"CHAP-Password", "x", "requests"},
		{"CHAP-Challenge", "x", "requests"},
		{"Calling-Station-Id", "x", "requests"},
		{"Acct-Session-Id", "x", "requests"},
		{"Tunnel-Password", "x", "encrypted only"},
		{"Tunnel-Password:1", "x", "encrypted only"},
		{"MS-MPPE-Send-Key", "x", "encrypted only"},
		{"MS-CHAP-MPPE-Keys", "x", "encrypted only"},
		{"MS-CHAP2-Success", "x", "no place"},
		{"Vendor-Specific", "0x0000000901", "Vendor-9-1"},
		// Nor by their numbers.
		{"Attr-1", "alice", "by the daemon itself"},
		{"Attr-24", "0x00", "by the daemon itself"},
		{"Attr-69", "0x00", "encrypted only"},
		{"Vendor-311-16", "0x00", "encrypted only"},
		{"Attr-26", "0x00000137100401ff", "MS-MPPE-Send-Key can't be sent"},
		{"Attr-26", "0x00000137070600000001110401ff", "MS-MPPE-Recv-Key can't be sent"},
		{"Attr-26", "0x01000009010361", "the first is 0"},
		{"Attr-26", "0x00000009", "at least five octets"},
		{"Attr-0", "0x00", "from 1 to 255"},
		{"Attr-256", "0x00", "from 1 to 255"},
		{"Attr-241", "0x0100", "extended"},
		{"Attr-246", "0x0100", "extended"},
		{"Vendor-0-1", "x", "from 1 to 16777215"},
		{"Vendor-16777216-1", "x", "from 1 to 16777215"},
		{"Vendor-9-0", "x", "from 1 to 255"},
		{"Vendor-9-256", "x", "from 1 to 255"},
		{"Vendor-429-1", "x", "a way of its own"},
		// Names.
		{"Filter-ID-2", "x", "unknown attribute"},
		{"", "x", "unknown attribute"},
		{"Attr-", "x", "unknown attribute"},
		{"Vendor-9", "x", "unknown attribute"},
		{"Attr-25x", "x", "unknown attribute"},
		{"Filter-Id:1", "x", "no tag"},
		{"Vendor-9-1:1", "x", "no tag"},
		{"Tunnel-Type:32", "VLAN", "up to 31"},
		{"Tunnel-Type:-1", "VLAN", "up to 31"},
		{"Tunnel-Type:", "VLAN", "up to 31"},
		{"Tunnel-Type:1:1", "VLAN", "up to 31"},
		// Values.
		{"Filter-Id", []any{}, "a value is expected"},
		{"Filter-Id", "", "a text"},
		{"Filter-Id", "a\x00b", "control characters"},
		{"Filter-Id", "a\xff", "control characters"},
		{"Filter-Id", "a\u202eb", "control characters"},
		{"Filter-Id", int64(5), "a text in quotes"},
		{"Filter-Id", true, "a text in quotes"},
		{"Filter-Id", 1.5, "a text in quotes"},
		{"Filter-Id", nil, "a text in quotes"},
		{"Filter-Id", []any{"a", []any{"b"}}, "a text in quotes"},
		{"Filter-Id", long, "253 fit"},
		{"Cisco-AVPair", long[:248], "247 fit"},
		{"Tunnel-Private-Group-Id:1", long[:253], "252 fit"},
		{"Tunnel-Private-Group-Id", "\n1", "control characters"},
		{"Class", "0x", "hexadecimal"},
		{"Class", "0x0", "hexadecimal"},
		{"Class", "0xzz", "hexadecimal"},
		{"Class", "", "a text"},
		{"User-Priority-Table", "0x00", "8 octets"},
		{"Session-Timeout", []any{int64(1), int64(2)}, "holds one Session-Timeout"},
		{"Session-Timeout", int64(-1), "0 to 4294967295"},
		{"Session-Timeout", int64(1 << 32), "0 to 4294967295"},
		{"Session-Timeout", "8h", "0 to 4294967295"},
		{"Service-Type", "Framed-Usr", "one of Login-User, Framed-User"},
		{"Tunnel-Type", int64(1 << 24), "0 to 16777215"},
		{"Attr-27", "0x000001", "4 octets"},
		{"Attr-27", "soon", "0 to 4294967295"},
		{"Attr-8", int64(5), "a text in quotes"},
		{"Attr-200", int64(1 << 32), "0 to 4294967295"},
		{"Framed-IP-Address", "2001:db8::1", "IPv4 address"},
		{"Framed-IP-Address", "192.0.2.1/32", "IPv4 address"},
		{"Framed-IP-Address", "::ffff:192.0.2.1", "IPv4 address"},
		{"Framed-IPv6-Address", "192.0.2.1", "IPv6 address"},
		{"Framed-IPv6-Address", "fe80::1%eth0", "IPv6 address"},
		{"Framed-IPv6-Address", "::ffff:192.0.2.1", "IPv6 address"},
		{"Framed-IPv6-Prefix", "2001:db8::1", "IPv6 prefix"},
		{"Framed-IPv6-Prefix", "192.0.2.0/24", "IPv6 prefix"},
		{"Framed-IPv6-Prefix", "2001:db8::1/48", "the prefix is 2001:db8::/48"},
		{"Framed-Interface-Id", "::1", "interface identifier"},
		{"Framed-Interface-Id", "0:0:0:0:1", "interface identifier"},
		{"Framed-Interface-Id", "0:0:0:00001", "interface identifier"},
		{"MIP6-Feature-Vector", int64(-1), "18446744073709551615"},
		{"MIP6-Feature-Vector", "18446744073709551616", "18446744073709551615"},
	} {
		encoded, err := d.Encode(test.name, test.value)
		if err == nil || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s = %v: %v, %v; want %q", test.name, test.value, encoded, err, test.words)
		}
		if errors.Is(err, attribute.ErrUnknown) != (test.words == "unknown attribute") {
			t.Errorf("%s: %v is told apart wrongly", test.name, err)
		}
	}
}

func TestEncoded(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for _, test := range []struct {
		name  string
		value any
		want  string // type and octets of each
	}{
		{"Filter-Id", "staff", "11:7374616666"},
		{"filter-ID", "0x00", "11:30783030"},
		{"Class", []any{"a", "0x00ff", "ü"}, "25:61 25:00ff 25:c3bc"},
		{"Session-Timeout", int64(28800), "27:00007080"},
		{"Session-Timeout", "28800", "27:00007080"},
		{"Session-Timeout", int64(1<<32 - 1), "27:ffffffff"},
		{"Service-Type", "Framed-User", "6:00000002"},
		{"Service-Type", "administrative-user", "6:00000006"},
		{"Framed-IP-Address", "192.0.2.1", "8:c0000201"},
		{"Framed-IPv6-Address", "2001:db8::1", "168:20010db8000000000000000000000001"},
		{"Framed-IPv6-Prefix", "2001:db8:1::/48", "97:003020010db8000100000000000000000000"},
		{"Delegated-IPv6-Prefix", "::/0", "123:0000" + strings.Repeat("00", 16)},
		{"Framed-Interface-Id", "0:0:a:FFFF", "96:00000000000affff"},
		{"MIP6-Feature-Vector", "18446744073709551615", "124:ffffffffffffffff"},
		{"MIP6-Feature-Vector", int64(1), "124:0000000000000001"},
		{"User-Priority-Table", "0x0001020304050607", "59:0001020304050607"},
		{"Egress-VLANID", int64(0x31000064), "56:31000064"},
		// Tunnels (RFC 2868): a number has an octet for the tag, a text only with a tag.
		{"Tunnel-Type", "VLAN", "64:0000000d"},
		{"Tunnel-Type:1", "VLAN", "64:0100000d"},
		{"Tunnel-Medium-Type:31", "IEEE-802", "65:1f000006"},
		{"Tunnel-Private-Group-Id", "100", "81:313030"},
		{"Tunnel-Private-Group-Id:0", "100", "81:313030"},
		{"Tunnel-Private-Group-ID:2", []any{"100", "200"}, "81:02313030 81:02323030"},
		// Vendors (RFC 2865 section 5.26).
		{"Cisco-AVPair", "shell:priv-lvl=15", "26:00000009011373" + "68656c6c3a707269762d6c766c3d3135"},
		{"MS-Primary-DNS-Server", "192.0.2.53", "26:000001371c06c0000235"},
		{"Mikrotik-Group", "full", "26:00003a8c030666756c6c"},
		{"SonicWall-User-Privilege", "Limited-Management", "26:00002225010600000005"},
		// By number, as what the dictionary knows, as octets, or as what was written.
		{"Attr-25", "0x00ff", "25:00ff"},
		{"attr-25", "a", "25:61"},
		{"Attr-27", int64(60), "27:0000003c"},
		{"Attr-27", "0x0000003c", "27:0000003c"},
		{"Attr-6", "Framed-User", "6:00000002"},
		{"Attr-200", "text", "200:74657874"},
		{"Attr-200", int64(5), "200:00000005"},
		{"Vendor-9-1", "a=b", "26:000000090105613d62"},
		{"Vendor-41112-1", int64(1000), "26:0000a0980106000003e8"},
		{"Vendor-16777215-255", "0x00", "26:00ffffffff0300"},
		{"Attr-26", "0x0000000901", "26:0000000901"},
		{"Attr-26", "0x000001ad0000ffff01", "26:000001ad0000ffff01"},
	} {
		encoded, err := d.Encode(test.name, test.value)
		var got []string
		for _, a := range encoded.Attributes {
			got = append(got, fmt.Sprintf("%d:%s", a.Type, hex.EncodeToString(a.Value)))
			if kind := attribute.KindOf(a); kind != encoded.Kind && test.name != "Attr-26" {
				t.Errorf("%s: kind %+v, want %+v", test.name, kind, encoded.Kind)
			}
		}
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s = %v: %v, %v; want %s", test.name, test.value, got, err, test.want)
		}
	}
}

// The longest values fill an attribute, and no more.
func TestLongest(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for name, length := range map[string]int{"Filter-Id": 253, "Class": 253, "Cisco-AVPair": 247, "Tunnel-Private-Group-Id": 253, "Tunnel-Private-Group-Id:1": 252} {
		encoded, err := d.Encode(name, strings.Repeat("x", length))
		if err != nil || len(encoded.Attributes[0].Value) != 253 {
			t.Errorf("%s of %d: %v", name, length, err)
		}
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"0000000901036101036202040000": "00000009010361 00000009010362 0000000902040000",
		"00000009010361":               "00000009010361",
		"0000000901046101":             "0000000901046101",
		"0000000901036101":             "0000000901036101",
		"00000009010361010161":         "00000009010361010161",
		"000001ad010361010361":         "000001ad010361010361", // of a vendor with its own way
		"00000009":                     "00000009",
		"":                             "",
	} {
		value, _ := hex.DecodeString(written)
		var got []string
		for _, part := range attribute.Parts(access.Attribute{Type: 26, Value: value}) {
			got = append(got, hex.EncodeToString(part.Value))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", written, got, want)
		}
	}
}

// Whatever is written, what is sent fits into an attribute and is of its kind.
func FuzzEncode(f *testing.F) {
	d := dictionary(f)
	for _, name := range []string{"Class", "Attr-26", "Vendor-9-1", "Tunnel-Type:1", "Tunnel-Private-Group-Id:1", "Framed-IPv6-Prefix", "Framed-Interface-Id"} {
		f.Add(name, "0x00", int64(0))
		f.Add(name, "2001:db8::/32", int64(1<<40))
	}
	f.Fuzz(func(t *testing.T, name, text string, number int64) {
		for _, value := range []any{text, number} {
			encoded, err := d.Encode(name, value)
			if err != nil {
				continue
			}
			a := encoded.Attributes[0]
			if len(a.Value) == 0 || len(a.Value) > 253 || a.Type != encoded.Kind.Type {
				t.Errorf("%q = %v: %v", name, value, encoded)
			}
		}
	})
}
