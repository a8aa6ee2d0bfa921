package exchange

import (
	"strings"
	"testing"
)

const hexA = "3132333435363738393031323334353637383930" // secretA

func oathText(text string) (Batch, error) { return OATH(strings.NewReader(text)) }

func TestOATH(t *testing.T) {
	t.Parallel()
	batch := readText(t, oathText, `# Option User Prefix Seed
HOTP/T30/6 alice - `+hexA+`
HOTP/T60/8	bob	+	`+strings.ToUpper(hexA)+`	0	328482	2026-01-01T10:00:00L
HOTP/T30 carol 1234 `+hexA+` 5
HOTP/T60/7 alice - `+hexA+`
HOTP/T30/6 alice - `+hexA+`
HOTP/E/6 dave - `+hexA+` 17
HOTP erin - `+hexA+`
`)
	wantNames(t, batch, "alice", "bob", "carol")
	wantSkipped(t, batch, "line 4: the PIN is left out: a password does its work", "line 6: the same secret as in line 2",
		"line 7: "+faultEvent, "line 8: "+faultEvent)
	alice, bob, carol := batch.Accounts[0].Devices, batch.Accounts[1].Devices[0], batch.Accounts[2].Devices[0]
	if len(alice) != 2 || encode(alice[0].Secret) != secretA || alice[0].Digits != 6 || alice[0].Period != 30 || alice[1].Digits != 7 || alice[1].Period != 60 {
		t.Errorf("%+v", alice)
	}
	if bob.Digits != 8 || bob.Period != 60 || bob.LastStep != 0 || encode(bob.Secret) != secretA || carol.Digits != 6 || carol.Period != 30 {
		t.Errorf("%+v %+v", bob, carol)
	}
}

func TestOATHSkips(t *testing.T) {
	t.Parallel()
	for line, reason := range map[string]string{
		"HOTP/T30/6 " + hexA:                                    "the line hasn't a type, a user, a PIN and a secret",
		"HOTP/T30/6 alice " + hexA:                              "the line hasn't a type, a user, a PIN and a secret",
		"HOTP/T45/6 alice - " + hexA:                            "a type of token that isn't known: HOTP/T30 and HOTP/T60 are",
		"MOTP alice - " + hexA:                                  "a type of token that isn't known: HOTP/T30 and HOTP/T60 are",
		"HOTP/ alice - " + hexA:                                 "a type of token that isn't known: HOTP/T30 and HOTP/T60 are",
		"HOTP/T30/6/6 alice - " + hexA:                          "a type of token that isn't known: HOTP/T30 and HOTP/T60 are",
		"hotp/t30/6 alice - " + hexA:                            "a type of token that isn't known: HOTP/T30 and HOTP/T60 are",
		"HOTP/T30/ alice - " + hexA:                             faultDigits,
		"HOTP/T30/9 alice - " + hexA:                            faultDigits,
		"HOTP/T30/6 alice - " + secretA:                         faultHex,
		"HOTP/T30/6 alice - " + hexA[1:]:                        faultHex,
		"HOTP/T30/6 alice - 00":                                 faultSecret,
		"HOTP/T30/6 alice 1234 00":                              faultSecret,
		"HOTP/T30/6 alice - " + strings.Repeat("00", 81):        faultSecret,
		"HOTP/T30/6 " + strings.Repeat("x", 257) + " - " + hexA: "the user name has more than 256 characters",
	} {
		batch := readText(t, oathText, line)
		wantNames(t, batch)
		if len(batch.Skipped) == 0 || batch.Skipped[0].Place != "line 1" || batch.Skipped[0].Reason != reason || strings.Contains(batch.Skipped[0].Name, hexA) {
			t.Errorf("%s: %+v", line, batch.Skipped)
		}
	}
}
