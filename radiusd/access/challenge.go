package access

import (
	"crypto/hmac"
	"encoding/base64"

	"vpn-otpd/store"
)

// A State is 16 random octets, which name a row in the store, and 16 octets of
// a MAC over them, so that guesses cost no look-up and a copy of the database
// is no State. It is printed in base64url: ocserv cuts a State at a NUL.
const (
	stateIDSize  = 16
	stateMACSize = 16
)

func printState(s Store, id []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(id[:stateIDSize:stateIDSize], stateMAC(s, id)...))
}

// readState returns the row's name; ok is false for a State that no node made.
func readState(s Store, printed string) (id []byte, ok bool) {
	octets, err := base64.RawURLEncoding.Strict().DecodeString(printed)
	if err != nil || len(octets) != stateIDSize+stateMACSize {
		return nil, false
	}
	id = octets[:stateIDSize]
	return id, hmac.Equal(octets[stateIDSize:], stateMAC(s, id))
}

func stateMAC(s Store, id []byte) []byte {
	return s.MAC(store.PurposeState, id)[:stateMACSize]
}

// ValidState reports whether some node made this State, without asking the
// store what became of it. Under load such requests go first (RFC 5080 2.2.3).
func (g *Gate) ValidState(state string) bool {
	_, ok := readState(g.store, state)
	return ok
}
