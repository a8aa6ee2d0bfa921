package exchange_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store/exchange"
)

// uri is the form that enrollment shows as a QR code.
func uri(name string, d exchange.Device) string {
	return totp.URI("vpn.example.org", name, totp.Key{Secret: d.Secret, Algorithm: d.Algorithm, Digits: d.Digits, Period: d.Period})
}

// What is written is read again: same user, same devices.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	secret := func(length int) []byte { return bytes.Repeat([]byte{0xff, 0x00, 0xa5}, length)[:length] }
	var devices []exchange.Device
	for length := 10; length <= 80; length += 10 {
		devices = append(devices, exchange.Device{Secret: secret(length), Algorithm: []string{"SHA1", "SHA256", "SHA512"}[length/10%3], Digits: 6 + length/10%3, Period: 15 + length})
	}
	for _, name := range []string{"alice", "Alice", "a/b!c@example.org", "böb smith", "100% +1?&#=", `DOM\alice`, strings.Repeat("ü", 256)} {
		var out bytes.Buffer
		reports, err := exchange.WriteURIs(&out, exchange.Account{Name: name, Devices: devices}, uri)
		if err != nil || reports != nil {
			t.Fatalf("%q: %v, %v", name, reports, err)
		}
		batch, err := exchange.URIs(&out)
		if err != nil || len(batch.Accounts) != 1 || batch.Accounts[0].Name != name || batch.Skipped != nil {
			t.Fatalf("%q: %+v, %v", name, batch, err)
		}
		same := func(a, b exchange.Device) bool {
			return bytes.Equal(a.Secret, b.Secret) && a.Algorithm == b.Algorithm && a.Digits == b.Digits && a.Period == b.Period
		}
		if !slices.EqualFunc(batch.Accounts[0].Devices, devices, same) {
			t.Errorf("%q: %+v", name, batch.Accounts[0].Devices)
		}
	}
}

func TestWriteURIsReports(t *testing.T) {
	t.Parallel()
	account := exchange.Account{Name: "urn:alice", Devices: []exchange.Device{
		{Label: "phone", Secret: []byte("12345678901234567890"), Algorithm: "SHA1", Digits: 6, Period: 30, Place: "phone"}}}
	var out bytes.Buffer
	reports, err := exchange.WriteURIs(&out, account, uri)
	if err != nil || len(reports) != 1 || !strings.Contains(reports[0].Reason, `"urn_alice"`) || reports[0].Name != "urn:alice" {
		t.Errorf("%+v, %v", reports, err)
	}
	if want := "otpauth://totp/vpn.example.org:urn_alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=vpn.example.org\n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
}

// What another system wouldn't read as the same device is not written.
func TestWriteURIsRefuses(t *testing.T) {
	t.Parallel()
	account := exchange.Account{Name: "alice", Devices: []exchange.Device{{Secret: []byte("12345678901234567890"), Algorithm: "SHA1", Digits: 6, Period: 30}}}
	good := uri("alice", account.Devices[0])
	for name, line := range map[string]string{
		"another secret":  strings.Replace(good, "GEZDGNBVGY3TQOJQ", "", 1),
		"another period":  good + "&period=60",
		"another digits":  good + "&digits=8",
		"another hash":    good + "&algorithm=SHA256",
		"no URI":          "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
		"two lines":       good + "&x=\n",
		"an endless line": good + "&x=" + strings.Repeat("x", 1<<16),
	} {
		var out bytes.Buffer
		_, err := exchange.WriteURIs(&out, account, func(string, exchange.Device) string { return line })
		if err == nil || strings.Contains(err.Error(), "GEZD") || out.Len() != 0 {
			t.Errorf("%s: %v, wrote %q", name, err, out.String())
		}
	}
	if _, err := exchange.WriteURIs(full{}, account, uri); !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
