package exchange

import (
	"fmt"
	"strings"
	"testing"
)

func readText(t testing.TB, read func(text string) (Batch, error), text string) Batch {
	t.Helper()
	batch, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

func csvText(text string) (Batch, error) { return CSV(strings.NewReader(text)) }

func TestCSV(t *testing.T) {
	t.Parallel()
	batch := readText(t, csvText, "\ufeffSecret,user , label,password,algorithm,digits,period\r\n"+
		secretA+",alice,phone,,,,\r\n"+
		`gezd-gnbv gy3t qojq,alice,"tablet, old",,sha-256,8,60`+"\r\n"+
		"\r\n"+
		",bob,,\"pass\"\"word\",,,\r\n"+
		secretA+"===,bob,,other,,,\r\n"+
		secretA+",a:b/c!d@e,,,SHA512,7,15\r\n")
	wantNames(t, batch, "alice", "bob", "a:b/c!d@e")
	wantSkipped(t, batch, "line 6: another password than in a row before; the first one counts")
	alice, bob, odd := batch.Accounts[0], batch.Accounts[1], batch.Accounts[2]
	tablet := alice.Devices[1]
	if tablet.Label != "tablet, old" || tablet.Algorithm != "SHA256" || tablet.Digits != 8 || tablet.Period != 60 || len(tablet.Secret) != 10 || tablet.Place != "line 3" {
		t.Errorf("%+v", tablet)
	}
	if phone := alice.Devices[0]; phone.Label != "phone" || encode(phone.Secret) != secretA || phone.Algorithm != "SHA1" || phone.Digits != 6 || phone.Period != 30 {
		t.Errorf("%+v", phone)
	}
	if string(bob.Password) != `pass"word` || len(bob.Devices) != 1 || bob.Place != "line 5" || alice.Password != nil {
		t.Errorf("%+v", bob)
	}
	if odd.Devices[0].Algorithm != "SHA512" || odd.Devices[0].Digits != 7 || odd.Devices[0].Period != 15 {
		t.Errorf("%+v", odd)
	}
}

func TestCSVSkips(t *testing.T) {
	t.Parallel()
	const header = "user,secret,label,password,algorithm,digits,period\n"
	long := strings.Repeat("A", 128)
	for name, test := range map[string]struct{ row, reason string }{
		"no user":         {"," + secretA + ",,,,,", "a row has a user, and a secret or a password"},
		"nothing":         {"alice,,,,,,", "a row has a user, and a secret or a password"},
		"15 letters":      {"alice,GEZDGNBVGY3TQOJ,,,,,", faultSecret},
		"129 letters":     {"alice," + long + "AA,,,,,", faultSecret},
		"endless":         {"alice," + strings.Repeat("A-", 5000) + ",,,,,", faultSecret},
		"17 letters":      {"alice,GEZDGNBVGY3TQOJQA,,,,,", "the secret is cut off: no Base32 has so many letters"},
		"0":               {"alice,0EZDGNBVGY3TQOJQ,,,,,", faultLetters},
		"1":               {"alice,1EZDGNBVGY3TQOJQ,,,,,", faultLetters},
		"8":               {"alice,8EZDGNBVGY3TQOJQ,,,,,", faultLetters},
		"9":               {"alice,9EZDGNBVGY3TQOJQ,,,,,", faultLetters},
		"padding within":  {"alice,GEZDGNBV=GY3TQOJQ,,,,,", faultLetters},
		"ü":               {"alice,üEZDGNBVGY3TQOJQ,,,,,", faultLetters},
		"md5":             {"alice," + secretA + ",,,MD5,,", faultAlgorithm},
		"5 digits":        {"alice," + secretA + ",,,,5,", faultDigits},
		"9 digits":        {"alice," + secretA + ",,,,9,", faultDigits},
		"-6 digits":       {"alice," + secretA + ",,,,-6,", faultDigits},
		"2^16+6 digits":   {"alice," + secretA + ",,,,65542,", faultDigits},
		"14 s":            {"alice," + secretA + ",,,,,14", faultPeriod},
		"301 s":           {"alice," + secretA + ",,,,,301", faultPeriod},
		"30s":             {"alice," + secretA + ",,,,,30s", faultPeriod},
		"long label":      {"alice," + secretA + "," + strings.Repeat("x", 65) + ",,,,", faultLabel},
		"blank label":     {"alice," + secretA + ", phone,,,,", faultLabel},
		"terminal label":  {"alice," + secretA + ",\x1b[2J,,,,", faultLabel},
		"long name":       {strings.Repeat("x", 257) + "," + secretA + ",,,,,", "the user name has more than 256 characters"},
		"blank name":      {"  ," + secretA + ",,,,,", "no user name"},
		"Latin-1 name":    {"m\xfcller," + secretA + ",,,,,", "the user name isn't UTF-8"},
		"name with a NUL": {"a\x00b," + secretA + ",,,,,", "the user name has control characters"},
		"long password":   {"alice,,," + strings.Repeat("x", 129) + ",,,", "the password is left out: RADIUS can't carry it (at most 128 octets, no NUL at the end)"},
		"NUL at the end":  {"alice,,,secret\x00,,,", "the password is left out: RADIUS can't carry it (at most 128 octets, no NUL at the end)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batch := readText(t, csvText, header+test.row+"\n")
			wantNames(t, batch)
			wantSkipped(t, batch, "line 2: "+test.reason)
			if len(batch.Skipped) == 1 && len(batch.Skipped[0].Name) > 4*shownName {
				t.Errorf("a report of %d octets", len(batch.Skipped[0].Name))
			}
		})
	}
	good := readText(t, csvText, header+"alice,"+long+",,,,,\n") // the longest that is good
	wantNames(t, good, "alice")
}

// Two devices of one user with one secret would accept one code twice.
func TestCSVDevicesBesideEachOther(t *testing.T) {
	t.Parallel()
	rows := "user,secret,label,period\nalice," + secretA + ",phone,\nalice," + strings.ToLower(secretA) + ",tablet,\nalice," + secretA + ",slow,60\nalice," + secretB + ",phone,\nbob," + secretA + ",phone,\n"
	batch := readText(t, csvText, rows)
	wantNames(t, batch, "alice", "bob")
	wantSkipped(t, batch, "line 3: the same secret as in line 2", "line 5: the user has a device with this label in line 2")
	rows = "user,secret\n"
	for device := range maxDevices + 1 {
		rows += fmt.Sprintf("alice,%s%c\n", secretA[:31], 'A'+device)
	}
	batch = readText(t, csvText, rows)
	wantSkipped(t, batch, fmt.Sprintf("line %d: the user has %d devices already", maxDevices+2, maxDevices))
}

func TestCSVRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, words string }{
		"empty":                   {"", "the file is empty"},
		"only a mark":             {"\ufeff", "the file is empty"},
		"no header":               {"alice," + secretA + "\n", "line 1: column 1 is unknown"},
		"no header, user's user":  {"user," + secretA + "\n", "line 1: column 2 is unknown"},
		"an unknown column":       {"user,secret,hobby\n", "line 1: column 3 is unknown"},
		"an empty column":         {"user,secret,\n", "line 1: column 3 is unknown"},
		"semicolons":              {"user;secret\nalice;" + secretA + "\n", "separated by commas"},
		"user twice":              {"user,secret,User\n", "line 1: column 3, user, is there twice"},
		"no secret":               {"user,label\n", "line 1: there is no column secret"},
		"no user":                 {"secret,label\n", "line 1: there is no column user"},
		"a field too few":         {"user,secret\nalice," + secretA + "\nbob\n", "line 3: wrong number of fields"},
		"a field too many":        {"user,secret\nalice," + secretA + ",phone\n", "line 2: wrong number of fields"},
		"a quote within":          {"user,secret\nali\"ce," + secretA + "\n", "line 2: bare \" in non-quoted"},
		"a quote that stays open": {"user,secret\n\"alice," + secretA + "\n", "line 2: extraneous or missing \" in quoted"},
		"an endless field":        {"user,secret\n\"" + strings.Repeat(secretA+"\n", 5000), errRecord.Error()},
		"an endless line":         {"user,secret\nalice," + strings.Repeat("x", 2*maxLine), errRecord.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batch, err := csvText(test.text)
			if err == nil || !strings.Contains(err.Error(), test.words) || strings.Contains(err.Error(), secretA) {
				t.Errorf("%v, want %q", err, test.words)
			}
			if batch.Accounts != nil {
				t.Errorf("an error, and %d users", len(batch.Accounts))
			}
		})
	}
}
