package store

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// sealer seals under one key. A sealed value is the key's id (4 octets), a
// random nonce (24) and the ciphertext of XChaCha20-Poly1305 with its tag.
type sealer struct {
	id   string
	aead cipher.AEAD
}

const keyIDSize = 4

func newSealer(key []byte) (sealer, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return sealer{}, err
	}
	return sealer{id: keyID(key), aead: aead}, nil
}

// associated is what a sealed value is bound to: it can be opened only with the
// same words and the same key id, so that a row can't be copied to another place.
func associated(id string, words []string) []byte {
	return []byte(id + "\x00" + strings.Join(words, "\x00"))
}

func (k *keyring) seal(plain []byte, words ...string) []byte {
	s := k.seals[k.current]
	id, _ := hex.DecodeString(s.id)
	nonce := make([]byte, s.aead.NonceSize())
	rand.Read(nonce)
	sealed := append(id, nonce...)
	return s.aead.Seal(sealed, nonce, plain, associated(s.id, words))
}

func (k *keyring) open(sealed []byte, words ...string) ([]byte, error) {
	if len(sealed) < keyIDSize+chacha20poly1305.NonceSizeX {
		return nil, fmt.Errorf("a sealed value of %d octets is too short", len(sealed))
	}
	id := sealedUnder(sealed)
	s, ok := k.seals[id]
	if !ok {
		return nil, fmt.Errorf("%w: it was sealed with key %s", ErrWrongKey, id)
	}
	nonce, ciphertext := sealed[keyIDSize:keyIDSize+chacha20poly1305.NonceSizeX], sealed[keyIDSize+chacha20poly1305.NonceSizeX:]
	plain, err := s.aead.Open(nil, nonce, ciphertext, associated(id, words))
	if err != nil {
		return nil, fmt.Errorf("opening a value sealed with key %s: %w", id, err)
	}
	return plain, nil
}

// sealedUnder returns the id of the key that a value was sealed with.
func sealedUnder(sealed []byte) string {
	if len(sealed) < keyIDSize {
		return ""
	}
	return hex.EncodeToString(sealed[:keyIDSize])
}
