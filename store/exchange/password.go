package exchange

import "regexp"

// The forms of password hashes that can go on to be used here: bcrypt, up to
// the cost that the password backend bears, and Argon2id.
var (
	bcryptForm   = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}$`)
	argon2idForm = regexp.MustCompile(`^\$argon2id\$v=19\$m=[0-9]{1,6},t=[0-9]{1,2},p=[0-9]{1,2}\$[A-Za-z0-9+/]{1,128}\$[A-Za-z0-9+/]{1,128}$`)
)

const faultHash = "the password is left out: its hash is neither bcrypt (cost 4 to 15) nor Argon2id"

func hashUsable(hash string) bool {
	return bcryptForm.MatchString(hash) || argon2idForm.MatchString(hash)
}
