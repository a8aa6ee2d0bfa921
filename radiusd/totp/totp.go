// Package totp is the arithmetic of time-based one-time passwords (RFC 6238) on
// top of pquerna's HOTP. It says which step a code belongs to, which is what
// makes a code usable once.
//
// It never knows the time by itself, remembers nothing and decides nothing.
package totp

import (
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// Key is what a device and we share.
type Key struct {
	Secret    []byte
	Algorithm string // "SHA1", "SHA256" or "SHA512"
	Digits    int    // 6 to 8
	Period    int    // seconds a step lasts, 15 to 300
}

// Bounds of a key.
const (
	MinDigits, MaxDigits = 6, 8
	MinPeriod, MaxPeriod = 15, 300
)

var algorithms = map[string]otp.Algorithm{
	"SHA1": otp.AlgorithmSHA1, "SHA256": otp.AlgorithmSHA256, "SHA512": otp.AlgorithmSHA512,
}

// Validate says what is wrong with a key. It never tells the secret.
func (k Key) Validate() error {
	var faults []error
	if n := len(k.Secret); n < MinSecret || n > MaxSecret {
		faults = append(faults, fmt.Errorf("a secret has %d to %d octets, this one has %d", MinSecret, MaxSecret, n))
	}
	if _, known := algorithms[k.Algorithm]; !known {
		faults = append(faults, fmt.Errorf("algorithm %q: it is SHA1, SHA256 or SHA512", k.Algorithm))
	}
	if k.Digits < MinDigits || k.Digits > MaxDigits {
		faults = append(faults, fmt.Errorf("%d digits: a code has %d to %d", k.Digits, MinDigits, MaxDigits))
	}
	if k.Period < MinPeriod || k.Period > MaxPeriod {
		faults = append(faults, fmt.Errorf("a period of %d s: it is %d to %d", k.Period, MinPeriod, MaxPeriod))
	}
	return errors.Join(faults...)
}

// Step is the number of the step that a time falls in (RFC 6238, section 4.2),
// -1 before 1970. The period is in seconds and above 0.
func Step(now time.Time, period int) int64 {
	if seconds := now.Unix(); seconds >= 0 {
		return seconds / int64(period)
	}
	return -1
}

// Code is what a device shows in a step. A key that isn't valid shows nothing:
// the library would take an unknown algorithm for SHA1, and a key without a
// secret or with too few digits would have codes that anybody can guess.
func Code(k Key, step int64) (string, error) {
	if err := k.Validate(); err != nil {
		return "", err
	}
	return k.code(letters.EncodeToString(k.Secret), step)
}

// code is Code for a valid key whose secret is written in Base32 already.
func (k Key) code(secret string, step int64) (string, error) {
	if step < 0 || step == math.MaxInt64 {
		return "", fmt.Errorf("there is no step %d", step)
	}
	return hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{
		Digits: otp.Digits(k.Digits), Algorithm: algorithms[k.Algorithm],
	})
}

// letters is Base32 as authenticator apps read it (RFC 4648, section 6).
var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// window is how many steps a device's clock may be ahead or behind.
const window = 1

// Drifts reports whether a code belongs to a step outside of the window, up to
// so many steps away: the device's clock is wrong. It accepts nothing.
func Drifts(k Key, code string, now time.Time, steps int) bool {
	if k.Validate() != nil {
		return false
	}
	secret, found := letters.EncodeToString(k.Secret), false
	current := Step(now, k.Period)
	for candidate := current - int64(steps); candidate <= current+int64(steps); candidate++ {
		shown, err := k.code(secret, candidate)
		if err == nil && subtle.ConstantTimeCompare([]byte(shown), []byte(code)) == 1 {
			found = true
		}
	}
	return found
}

// Match finds the step that a code belongs to: this one, the one before or the
// one after. It compares with each of them in any case, so that its time tells
// nothing; where two fit, the newer one counts. A code of another length or
// with other characters fits none, and nothing fits a key that isn't valid.
func Match(k Key, code string, now time.Time) (step int64, ok bool) {
	if k.Validate() != nil {
		return 0, false
	}
	secret := letters.EncodeToString(k.Secret)
	current := Step(now, k.Period)
	for candidate := current - window; candidate <= current+window; candidate++ {
		shown, err := k.code(secret, candidate)
		if err == nil && subtle.ConstantTimeCompare([]byte(shown), []byte(code)) == 1 {
			step, ok = candidate, true
		}
	}
	return step, ok
}
