package exchange

import (
	"strings"
	"testing"
)

func uriText(text string) (Batch, error) { return URIs(strings.NewReader(text)) }

func TestURIs(t *testing.T) {
	t.Parallel()
	batch := readText(t, uriText, "otpauth://totp/alice?secret="+secretA+"\n"+
		"  OTPAuth://TOTP/vpn.example.org:b%C3%B6b%40example.org?secret="+strings.ToLower(secretA)+"&issuer=vpn.example.org&image=x \r\n"+
		"otpauth://totp/Example%20Org%3A%20a%2Fb%20c?algorithm=sha256&digits=8&period=60&secret="+secretA+"\n"+
		"otpauth://totp/x:y:alice?secret="+secretB+"&issuer=\n")
	wantNames(t, batch, "alice", "böb@example.org", "a/b c")
	wantSkipped(t, batch)
	alice, odd := batch.Accounts[0], batch.Accounts[2].Devices[0]
	if len(alice.Devices) != 2 || encode(alice.Devices[0].Secret) != secretA || encode(alice.Devices[1].Secret) != secretB || alice.Devices[0].Digits != 6 || alice.Devices[0].Period != 30 {
		t.Errorf("%+v", alice)
	}
	if odd.Algorithm != "SHA256" || odd.Digits != 8 || odd.Period != 60 || odd.Place != "line 3" {
		t.Errorf("%+v", odd)
	}
}

func TestURIsSkips(t *testing.T) {
	t.Parallel()
	for uri, reason := range map[string]string{
		"https://example.org/" + secretA:                                         "not an otpauth URI",
		secretA:                                                                  "not an otpauth URI",
		"otpauth:totp/alice?secret=" + secretA:                                   "not an otpauth URI",
		"otpauth://totp/%zz?secret=" + secretA:                                   "not an otpauth URI",
		"otpauth://totp/alice?secret=" + secretA + "&x=%zz":                      "not an otpauth URI",
		"otpauth://totp/alice?secret=" + secretA + ";digits=8":                   "not an otpauth URI",
		"otpauth://[" + secretA:                                                  "not an otpauth URI",
		"otpauth://hotp/alice?secret=" + secretA + "&counter=1":                  faultEvent,
		"otpauth://steam/alice?secret=" + secretA:                                "the URI's kind isn't totp",
		"otpauth://totp/alice?secret=" + secretA + "&secret=" + secretB:          faultTwice,
		"otpauth://totp/alice?secret=" + secretA + "&period=30&period=60":        faultTwice,
		"otpauth://totp/alice":                                                   faultSecret,
		"otpauth://totp/alice?secret=GEZDGNBVGY3TQ0JQ":                           faultLetters,
		"otpauth://totp/alice?secret=" + secretA + "&algorithm=MD5":              faultAlgorithm,
		"otpauth://totp/alice?secret=" + secretA + "&digits=10":                  faultDigits,
		"otpauth://totp/alice?secret=" + secretA + "&period=0":                   faultPeriod,
		"otpauth://totp/?secret=" + secretA:                                      "no user name",
		"otpauth://totp/example.org:?secret=" + secretA:                          "no user name",
		"otpauth://totp/" + strings.Repeat("%C3%BC", 257) + "?secret=" + secretA: "the user name has more than 256 characters",
		"otpauth://totp/a%00b?secret=" + secretA:                                 "the user name has control characters",
		"otpauth://totp/a%FFb?secret=" + secretA:                                 "the user name isn't UTF-8",
		"otpauth-migration://offline?data=" + secretA:                            "not an otpauth URI",
	} {
		batch := readText(t, uriText, uri)
		wantNames(t, batch)
		if len(batch.Skipped) != 1 || batch.Skipped[0].Reason != reason || strings.Contains(batch.Skipped[0].Name, secretA) {
			t.Errorf("%s: %+v", uri, batch.Skipped)
		}
	}
}
