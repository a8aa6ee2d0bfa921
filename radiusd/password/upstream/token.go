package upstream

import (
	"errors"
	"fmt"

	"vpn-otpd/radiusd/access"
)

// A token is where to go on after a challenge: a version, the length of the
// server's address, the address, and the State that the server sent, which may
// be empty. It says which server by its address, so that another node, or this
// one after a restart, goes on with the same. At most 455 octets.
const tokenVersion = 1

var errToken = errors.New("a token of the first factor that can't be read")

func makeToken(address string, state []byte) []byte {
	return append(append([]byte{tokenVersion, byte(len(address))}, address...), state...)
}

func readToken(token []byte) (address string, state []byte, err error) {
	if len(token) < 2 || token[0] != tokenVersion || len(token) < 2+int(token[1]) || len(token) > 2+MaxAddress+maxValue {
		return "", nil, fmt.Errorf("%w: %w", access.ErrBackend, errToken)
	}
	rest := token[2:]
	return string(rest[:token[1]]), rest[token[1]:], nil
}
