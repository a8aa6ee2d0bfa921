package totp

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of a secret in octets: 16 to 128 letters of Base32.
const (
	MinSecret = 10
	MaxSecret = 80
	// newSecret is the length that RFC 4226 recommends: 160 bits, 32 letters.
	newSecret = 20
)

var errSecretLetters = errors.New("a secret is written in Base32: the letters A to Z and the digits 2 to 7 (so a 0 is the letter O, a 1 the letter I or L, an 8 the letter B)")

// ParseSecret reads a secret in Base32, with or without padding, in groups or
// not, in either case. Its errors hold no part of what was typed.
func ParseSecret(typed string) ([]byte, error) {
	text := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\t", "").Replace(strings.TrimSpace(typed)))
	text = strings.TrimRight(text, "=")
	for _, r := range text {
		if (r < 'A' || 'Z' < r) && (r < '2' || '7' < r) {
			return nil, errSecretLetters
		}
	}
	secret, err := letters.DecodeString(text)
	if err != nil || letters.EncodedLen(len(secret)) != len(text) {
		return nil, fmt.Errorf("a secret in Base32 can't have %d letters", len(text))
	}
	if len(secret) < MinSecret || len(secret) > MaxSecret {
		return nil, fmt.Errorf("a secret has %d to %d letters, this one has %d", MinSecret*8/5, MaxSecret*8/5, len(text))
	}
	return secret, nil
}

// FormatSecret writes a secret in Base32 without padding.
func FormatSecret(secret []byte) string { return letters.EncodeToString(secret) }

// NewSecret draws a secret of 20 octets.
func NewSecret(random io.Reader) ([]byte, error) {
	secret := make([]byte, newSecret)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("drawing a secret: %w", err)
	}
	return secret, nil
}
