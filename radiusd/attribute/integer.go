package attribute

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// integer is a number of 32 bits, of which a tag takes 8.
func (e *entry) integer(number int64) ([]byte, error) {
	if number < 0 || number > e.most() {
		return nil, e.expected()
	}
	return binary.BigEndian.AppendUint32(nil, uint32(number)), nil
}

func (e *entry) most() int64 {
	if e.tagged {
		return 1<<24 - 1
	}
	return 1<<32 - 1
}

func (e *entry) named(text string) ([]byte, error) {
	for _, v := range e.values {
		if strings.EqualFold(v.name, text) {
			return e.integer(int64(v.number))
		}
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, e.expected()
	}
	return e.integer(number)
}

// expected says what an integer may be.
func (e *entry) expected() error {
	names := make([]string, len(e.values))
	for i, v := range e.values {
		names[i] = v.name
	}
	if len(names) == 0 {
		return fmt.Errorf("a number from 0 to %d is expected", e.most())
	}
	return fmt.Errorf("a number from 0 to %d is expected, or one of %s", e.most(), strings.Join(names, ", "))
}

func encodeLong(text string, number int64, isText bool) ([]byte, error) {
	value, err := uint64(number), error(nil)
	if isText {
		value, err = strconv.ParseUint(text, 10, 64)
	}
	if err != nil || number < 0 {
		return nil, errors.New("a number from 0 to 18446744073709551615 is expected")
	}
	return binary.BigEndian.AppendUint64(nil, value), nil
}
