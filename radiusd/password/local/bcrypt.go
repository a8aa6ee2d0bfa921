package local

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"

	"golang.org/x/crypto/bcrypt"
)

// bcryptHash is a hash that another program made, as it stands. Only the first
// 72 octets of a password count in it.
type bcryptHash struct {
	text string
	cost int // 2^cost rounds
}

// bcryptForm: 2a, 2b and 2y are one algorithm, 2x is a broken one. Cost is 4 to 15.
var bcryptForm = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}$`)

// cheapestBcrypt is there to be timed: nobody's hash, of the lowest cost.
var cheapestBcrypt = bcryptHash{
	text: "$2b$04$......................" + "...............................", cost: bcrypt.MinCost,
}

func parseBcrypt(text string) (hash, error) {
	parts := bcryptForm.FindStringSubmatch(text)
	if parts == nil {
		return nil, fmt.Errorf("%w: bcrypt in another form", ErrHash)
	}
	cost, err := strconv.Atoi(parts[1])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHash, err)
	}
	return bcryptHash{text: text, cost: cost}, nil
}

// matches refuses passwords with a NUL, as PHP does when it makes a hash: bcrypt
// repeats the password with a NUL after it, so that "a" and "a\x00a" are one.
func (b bcryptHash) matches(password []byte) bool {
	err := bcrypt.CompareHashAndPassword([]byte(b.text), password)
	return err == nil && bytes.IndexByte(password, 0) < 0
}

func (b bcryptHash) work() work {
	return work{algorithm: "bcrypt", units: math.Exp2(float64(b.cost))}
}
