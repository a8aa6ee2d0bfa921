package access

import (
	"encoding/base64"
	"strings"

	"vpn-otpd/store"
)

// field is what the password field of a login holds.
type field struct {
	password []byte // for the first factor
	code     string // what was typed as a code; "" where nothing was
}

const staticChallenge = "SCRV1:"

// split reads the field of a new login, once: the first factor is asked with
// one password, and no other reading is tried. asked says whether this user
// would be asked for a code; one who isn't typed a password and nothing else.
func split(mode Mode, typed []byte, account store.Account, asked bool) field {
	if f, ok := splitStatic(typed); ok {
		return f
	}
	switch {
	case mode == ModeCode:
		return field{code: string(typed)}
	case mode == ModeAppend && asked:
		return splitAppended(typed, account)
	}
	return field{password: typed}
}

// splitStatic reads OpenVPN's static challenge: exactly SCRV1, the password and
// the code, the latter two in Base64 and the last in the form of a code.
func splitStatic(typed []byte) (field, bool) {
	rest, ok := strings.CutPrefix(string(typed), staticChallenge)
	if !ok {
		return field{}, false
	}
	// A third colon is left in the second field, which is then no Base64.
	first, second, _ := strings.Cut(rest, ":")
	password, err := base64.StdEncoding.Strict().DecodeString(first)
	if err != nil {
		return field{}, false
	}
	code, err := base64.StdEncoding.Strict().DecodeString(second)
	if err != nil || !codeShaped(string(code)) {
		return field{}, false
	}
	return field{password: password, code: string(code)}, true
}

// splitAppended takes a code off the end: in the form of a recovery code, else
// as many digits as the user's devices show, all the same number.
func splitAppended(typed []byte, account store.Account) field {
	if n := len(typed) - letterCodeLength; n >= 0 && letterCodeShaped(string(typed[n:])) {
		return field{password: typed[:n], code: string(typed[n:])}
	}
	if len(account.Devices) == 0 {
		return field{password: typed}
	}
	if n := len(typed) - account.Devices[0].Digits; n >= 0 && allDigits(string(typed[n:])) {
		return field{password: typed[:n], code: string(typed[n:])}
	}
	return field{password: typed}
}
