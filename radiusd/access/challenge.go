package access

import (
	"crypto/hmac"
	"encoding/base64"

	"vpn-otpd/store"
)

// stateKind says what a State is the answer's key to.
type stateKind string

const (
	stateOfCode  stateKind = ""      // a code of ours
	stateOfRelay stateKind = "relay" // a question of the first factor's own
)

// A State is 16 random octets, which name a row in the store, and 16 octets of
// a MAC over them, so that guesses cost no look-up and a copy of the database
// is no State. It is printed in base64url: ocserv cuts a State at a NUL.
const (
	stateIDSize  = 16
	stateMACSize = 16
)

func printState(s Store, id []byte, kind stateKind) string {
	return base64.RawURLEncoding.EncodeToString(append(id[:stateIDSize:stateIDSize], stateMAC(s, id, kind)...))
}

// readState returns the row's name; ok is false for a State that no node made.
func readState(s Store, printed string) (id []byte, kind stateKind, ok bool) {
	octets, err := base64.RawURLEncoding.Strict().DecodeString(printed)
	if err != nil || len(octets) != stateIDSize+stateMACSize {
		return nil, "", false
	}
	id = octets[:stateIDSize]
	for _, kind := range []stateKind{stateOfCode, stateOfRelay} {
		if hmac.Equal(octets[stateIDSize:], stateMAC(s, id, kind)) {
			return id, kind, true
		}
	}
	return nil, "", false
}

func stateMAC(s Store, id []byte, kind stateKind) []byte {
	if kind == stateOfCode {
		return s.MAC(store.PurposeState, id)[:stateMACSize]
	}
	return s.MAC(store.PurposeState, id, []byte(kind))[:stateMACSize]
}

// ValidState reports whether some node made this State, without asking the
// store what became of it. Under load such requests go first (RFC 5080 2.2.3).
func (g *Gate) ValidState(state string) bool {
	_, _, ok := readState(g.store, state)
	return ok
}
