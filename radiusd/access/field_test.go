package access

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"vpn-otpd/store"
)

func static(password, code string) string {
	return "SCRV1:" + base64.StdEncoding.EncodeToString([]byte(password)) + ":" + base64.StdEncoding.EncodeToString([]byte(code))
}

func TestSplit(t *testing.T) {
	t.Parallel()
	none := store.Account{}
	six := store.Account{Devices: []store.Device{{Digits: 6}, {Digits: 6}}}
	eight := store.Account{Devices: []store.Device{{Digits: 8}}}
	for _, test := range []struct {
		name           string
		mode           Mode
		typed          string
		account        store.Account
		asked          bool
		password, code string
	}{
		{"challenge", ModeChallenge, "secret123456", six, true, "secret123456", ""},
		{"code", ModeCode, "123456", six, true, "", "123456"},
		{"append", ModeAppend, "secret123456", six, true, "secret", "123456"},
		{"append, code alone", ModeAppend, "123456", six, true, "", "123456"},
		{"append, longer digits stay", ModeAppend, "secret00123456", six, true, "secret00", "123456"},
		{"append, eight", ModeAppend, "secret12345678", eight, true, "secret", "12345678"},
		{"append, too few digits", ModeAppend, "secret12345", six, true, "secret12345", ""},
		{"append, no device", ModeAppend, "secret123456", none, true, "secret123456", ""},
		{"append, not asked", ModeAppend, "secret123456", six, false, "secret123456", ""},
		{"append, recovery code", ModeAppend, "secretbcdfg-hjkmn", six, true, "secret", "bcdfg-hjkmn"},
		{"append, recovery code in capitals", ModeAppend, "secretBCDFG-HJKMN", none, true, "secret", "BCDFG-HJKMN"},
		{"append, a word with a dash", ModeAppend, "secretapple-hello", six, true, "secretapple-hello", ""},
		{"append, empty", ModeAppend, "", six, true, "", ""},
		{"append, other octets", ModeAppend, "\xff\x00\xfe123456", six, true, "\xff\x00\xfe", "123456"},
		{"static", ModeChallenge, static("secret", "123456"), six, true, "secret", "123456"},
		{"static, append", ModeAppend, static("secret", "123456"), six, true, "secret", "123456"},
		{"static, code", ModeCode, static("secret", "123456"), six, true, "secret", "123456"},
		{"static, recovery code", ModeChallenge, static("secret", "bcdfg-hjkmn"), none, true, "secret", "bcdfg-hjkmn"},
		{"static, empty password", ModeChallenge, static("", "123456"), six, true, "", "123456"},
		{"static, no code", ModeChallenge, static("secret", ""), six, true, static("secret", ""), ""},
		{"static, no code in it", ModeChallenge, static("secret", "hello"), six, true, static("secret", "hello"), ""},
		{"static, two fields", ModeChallenge, "SCRV1:c2VjcmV0", six, true, "SCRV1:c2VjcmV0", ""},
		{"static, four fields", ModeChallenge, static("secret", "123456") + ":", six, true, static("secret", "123456") + ":", ""},
		{"static, not Base64", ModeChallenge, "SCRV1:c2VjcmV0!:MTIzNDU2", six, true, "SCRV1:c2VjcmV0!:MTIzNDU2", ""},
		{"static, no padding", ModeChallenge, "SCRV1:c2VjcmV:MTIzNDU2", six, true, "SCRV1:c2VjcmV:MTIzNDU2", ""},
		{"static, stray bits", ModeChallenge, "SCRV1:c2VjcmV1cn==:MTIzNDU2", six, true, "SCRV1:c2VjcmV1cn==:MTIzNDU2", ""},
		{"static, lower case", ModeChallenge, "scrv1:c2VjcmV0:MTIzNDU2", six, true, "scrv1:c2VjcmV0:MTIzNDU2", ""},
	} {
		f := split(test.mode, []byte(test.typed), test.account, test.asked)
		if string(f.password) != test.password || f.code != test.code {
			t.Errorf("%s: %q and %q, want %q and %q", test.name, f.password, f.code, test.password, test.code)
		}
	}
}

func FuzzSCRV1(f *testing.F) {
	f.Add([]byte(static("secret", "123456")))
	f.Add([]byte("SCRV1::"))
	f.Add([]byte("SCRV1:YQ==:MTIzNDU2:"))
	f.Fuzz(func(t *testing.T, typed []byte) {
		parts, ok := splitStatic(typed)
		if !ok {
			return
		}
		if again := static(string(parts.password), parts.code); again != string(typed) {
			t.Errorf("%q was read as %q", typed, again)
		}
		if !codeShaped(parts.code) {
			t.Errorf("%q is no code", parts.code)
		}
	})
}

func TestLetterCodes(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"bcdfg-hjkmn": "bcdfg-hjkmn", " BCDFG-hjkmn ": "bcdfg-hjkmn", "bcdfghjkmn": "bcdfg-hjkmn", "b c d f g-hjkmn": "bcdfg-hjkmn",
		"123 456": "123456", "": "", "apple-hello": "apple-hello",
	} {
		if got := normalizeCode(typed); got != want {
			t.Errorf("%q becomes %q, want %q", typed, got, want)
		}
	}
}

// keyed is a store that only makes MACs.
type keyed struct{ Store }

func (keyed) MAC(purpose store.Purpose, parts ...[]byte) []byte {
	sum := sha256.New()
	sum.Write([]byte("a key of its own " + purpose))
	for _, part := range parts {
		sum.Write(part)
	}
	return sum.Sum(nil)
}

// No text but a printed State is one.
func FuzzState(f *testing.F) {
	id := []byte("0123456789abcdef")
	f.Add(printState(keyed{}, id, stateOfCode))
	f.Add(printState(keyed{}, id, stateOfRelay))
	f.Add("")
	f.Add(printState(keyed{}, id, stateOfCode) + "=")
	f.Fuzz(func(t *testing.T, text string) {
		id, kind, ok := readState(keyed{}, text)
		if ok && printState(keyed{}, id, kind) != text {
			t.Errorf("%q is read as State of %x, which is printed as %q", text, id, printState(keyed{}, id, kind))
		}
	})
}
