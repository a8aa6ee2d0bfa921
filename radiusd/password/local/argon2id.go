package local

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"

	"golang.org/x/crypto/argon2"
)

// argon2id is a hash in the PHC string format (RFC 9106; version 19 only).
type argon2id struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
	salt   []byte
	tag    []byte
}

// recommended is the second recommended option (RFC 9106 section 4), without
// salt and tag.
var recommended = argon2id{memory: 64 * 1024, passes: 3, lanes: 4}

// Sizes of new hashes, in octets, as recommended there.
const (
	saltSize = 16
	tagSize  = 32
)

// Bounds of hashes that others made. One check may take five times the work of
// one of ours, and four times the memory.
const (
	maxMemory = 256 * 1024  // KiB
	maxWork   = 1024 * 1024 // KiB times passes
	maxPasses = 10
	maxLanes  = 16
	minSalt   = 8 // octets (RFC 9106 section 3.1)
	maxSalt   = 64
	minTag    = 16
	maxTag    = 64
)

var argon2idForm = regexp.MustCompile(
	`^\$argon2id\$v=19\$m=([1-9][0-9]{0,5}),t=([1-9][0-9]?),p=([1-9][0-9]?)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$`)

func parseArgon2id(text string) (hash, error) {
	parts := argon2idForm.FindStringSubmatch(text)
	if parts == nil {
		return nil, fmt.Errorf("%w: argon2id in another form", ErrHash)
	}
	var numbers [3]uint32
	for i := range numbers { // of at most six digits: the form says so
		number, err := strconv.ParseUint(parts[1+i], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrHash, err)
		}
		numbers[i] = uint32(number)
	}
	memory, passes, lanes := numbers[0], numbers[1], numbers[2]
	// A lane has at least 8 KiB (RFC 9106 section 3.1).
	if memory > maxMemory || passes > maxPasses || memory*passes > maxWork || lanes > maxLanes || memory < 8*lanes {
		return nil, fmt.Errorf("%w: argon2id parameters out of bounds", ErrHash)
	}
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	tag, tagErr := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if saltErr != nil || tagErr != nil ||
		len(salt) < minSalt || len(salt) > maxSalt || len(tag) < minTag || len(tag) > maxTag {
		return nil, fmt.Errorf("%w: argon2id salt or tag out of bounds", ErrHash)
	}
	return argon2id{memory: memory, passes: passes, lanes: uint8(lanes), salt: salt, tag: tag}, nil
}

func (a argon2id) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, a.memory, a.passes, a.lanes, encode(a.salt), encode(a.tag))
}

// derive computes a tag as long as the one that is there.
func (a argon2id) derive(password []byte) []byte {
	return argon2.IDKey(password, a.salt, a.passes, a.memory, a.lanes, uint32(len(a.tag)))
}

func (a argon2id) matches(password []byte) bool {
	return subtle.ConstantTimeCompare(a.derive(password), a.tag) == 1
}

func (a argon2id) work() work {
	return work{algorithm: "argon2id", units: float64(a.memory) * float64(a.passes)}
}
