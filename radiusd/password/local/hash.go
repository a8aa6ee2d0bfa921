package local

import (
	"errors"
	"fmt"
	"strings"
)

// ErrHash: this is not a password hash that Verify can check.
var ErrHash = errors.New("not a password hash that can be checked here: " +
	"argon2id (version 19, at most 256 MiB and 10 passes) or bcrypt (2a, 2b or 2y, at most cost 15)")

// CheckHash reports whether Verify can check passwords against this hash, which
// some other program may have made. Its error is ErrHash; it never quotes the hash.
func CheckHash(hash string) error {
	_, err := parse(hash)
	return err
}

// hash is one password as it is stored.
type hash interface {
	// matches compares in constant time and does the same work for each password.
	matches(password []byte) bool
	work() work
}

// work is what one check takes, in a measure of the algorithm's own.
type work struct {
	algorithm string
	units     float64
}

// parse reads a stored hash, in exactly the form that its makers write.
func parse(text string) (hash, error) {
	switch {
	case strings.HasPrefix(text, "$argon2id$"):
		return parseArgon2id(text)
	case strings.HasPrefix(text, "$2"):
		return parseBcrypt(text)
	}
	return nil, fmt.Errorf("%w: neither of the two", ErrHash)
}
