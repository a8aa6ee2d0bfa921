package store

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// KeySize is the length of a store key in octets.
const KeySize = 32

// Keys are the store keys, the current one first. They seal the TOTP secrets,
// and one more value, the root, which is drawn when the database is made: from
// it come the keys of all MACs. So a change of the store key leaves recovery
// codes and the audit chain valid, while every secret is sealed anew.
type Keys [][]byte

// ErrWrongKey: none of the given keys opens this database.
var ErrWrongKey = errors.New("the store key does not belong to this database")

// Purpose separates the keys of MACs from each other.
type Purpose string

const (
	PurposeState  Purpose = "state"  // the printable State of a challenge
	PurposeCode   Purpose = "code"   // recovery and temporary codes
	PurposeField  Purpose = "field"  // what was typed, to recognize it again
	PurposeRepeat Purpose = "repeat" // the tuple that identifies one login
	PurposeName   Purpose = "name"   // unknown names in the log
	PurposeSecret Purpose = "secret" // a TOTP secret, to recognize it again
	PurposeAudit  Purpose = "audit"  // the audit chain
	PurposeTicket Purpose = "ticket" // tickets of enrollments

	PurposeRemembered Purpose = "remembered" // the device that a login came from
)

var purposes = []Purpose{PurposeState, PurposeCode, PurposeField, PurposeRepeat, PurposeName, PurposeSecret, PurposeAudit, PurposeTicket, PurposeRemembered}

type keyring struct {
	current string
	seals   map[string]sealer // by key id
	root    []byte
	macs    map[Purpose]*macs
}

// keyID names a key without telling anything of it.
func keyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("vpn-otpd key id "), key...))
	return hex.EncodeToString(sum[:4])
}

func openKeyring(ctx context.Context, db *sql.DB, dialect Dialect, keys Keys) (*keyring, error) {
	ring, err := newKeyring(keys)
	if err != nil {
		return nil, err
	}
	sealed, err := storedRoot(ctx, db, ring)
	if err != nil {
		return nil, err
	}
	if err := ring.openRoot(sealed); err != nil {
		return nil, err
	}
	return ring, nil
}

func newKeyring(keys Keys) (*keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("no store key")
	}
	ring := &keyring{seals: make(map[string]sealer), macs: make(map[Purpose]*macs)}
	for i, key := range keys {
		seal, err := newSealer(key)
		if err != nil {
			return nil, fmt.Errorf("store key %d: %w", i+1, err)
		}
		ring.seals[seal.id] = seal
		if i == 0 {
			ring.current = seal.id
		}
	}
	return ring, nil
}

// storedRoot returns the sealed root, drawn now if the database has none. Two
// nodes may do so at once: the first one's counts.
func storedRoot(ctx context.Context, db *sql.DB, ring *keyring) ([]byte, error) {
	var text string
	err := db.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'root'`).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		root := make([]byte, KeySize)
		rand.Read(root)
		sealed := ring.seal(root, rootLabel)
		if _, err := db.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('root', $1) ON CONFLICT (name) DO NOTHING`,
			base64.StdEncoding.EncodeToString(sealed)); err != nil {
			return nil, fmt.Errorf("keeping the root: %w", err)
		}
		err = db.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'root'`).Scan(&text)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the root: %w", err)
	}
	return base64.StdEncoding.DecodeString(text)
}

const rootLabel = "root"

func (k *keyring) openRoot(sealed []byte) error {
	root, err := k.open(sealed, rootLabel)
	if err != nil {
		return err
	}
	k.root = root
	for _, purpose := range purposes {
		key, err := hkdf.Key(sha256.New, root, nil, "vpn-otpd "+string(purpose), sha256.Size)
		if err != nil {
			return fmt.Errorf("deriving the key for %s: %w", purpose, err)
		}
		k.macs[purpose] = newMACs(key)
	}
	return nil
}
