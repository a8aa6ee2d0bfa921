package access

import (
	"io"
	"strings"

	"vpn-otpd/store"
)

// Recovery and temporary codes are two groups of letters with a dash between
// them. The letters are consonants, so that no code is a word, and without the
// one that looks like a digit: 20^10 codes, 43 bits.
const (
	codeLetters      = "bcdfghjkmnpqrstvwxyz"
	letterGroup      = 5
	letterCodeLength = 2*letterGroup + 1
)

// RecoveryCodeCount is how many recovery codes a user gets at once.
const RecoveryCodeCount = 10

// newLetterCode draws a recovery or temporary code.
func newLetterCode(random io.Reader) (string, error) {
	code := make([]byte, 0, letterCodeLength)
	var octet [1]byte
	for len(code) < letterCodeLength {
		if len(code) == letterGroup {
			code = append(code, '-')
		}
		if _, err := io.ReadFull(random, octet[:]); err != nil {
			return "", err
		}
		// 240 is the largest multiple of 20: no letter is likelier than another.
		if octet[0] < 240 {
			code = append(code, codeLetters[octet[0]%20])
		}
	}
	return string(code), nil
}

// codeMACSize is the length of a code's MAC in octets.
const codeMACSize = 32

// codeMAC is what is kept of a recovery or temporary code.
func codeMAC(s Store, user, code string) []byte {
	return s.MAC(store.PurposeCode, []byte(user), []byte(code))
}

// normalizeCode returns a typed code as it is compared: people copy codes with
// blanks in and around them, and letters in capitals or without the dash.
func normalizeCode(typed string) string {
	code := strings.ToLower(strings.Join(strings.Fields(typed), ""))
	if len(code) == letterCodeLength-1 && letterCodeShaped(code[:letterGroup]+"-"+code[letterGroup:]) {
		return code[:letterGroup] + "-" + code[letterGroup:]
	}
	return code
}

// codeShaped reports whether a text has the form of any code that could be
// right for some user.
func codeShaped(typed string) bool {
	code := normalizeCode(typed)
	return letterCodeShaped(code) || allDigits(code) && 6 <= len(code) && len(code) <= 8
}

func letterCodeShaped(code string) bool {
	if len(code) != letterCodeLength || code[letterGroup] != '-' {
		return false
	}
	for i := range len(code) {
		if i != letterGroup && !strings.ContainsRune(codeLetters, rune(code[i]|0x20)) {
			return false
		}
	}
	return true
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || '9' < text[i] {
			return false
		}
	}
	return text != ""
}
