package attribute

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// format is how values are written, in packets and by administrators.
type format string

const (
	formatString  format = "string"
	formatOctets  format = "octets"
	formatInteger format = "integer"
	formatLong    format = "integer64"
	formatIPv4    format = "ipaddr"
	formatIPv6    format = "ipv6addr"
	formatPrefix  format = "ipv6prefix"
	formatFace    format = "ifid"
	// formatNumber is of attributes that are named by number: octets that begin
	// with 0x, or what else the dictionary or the value says.
	formatNumber format = "number"
)

// sizes are the octets of a value; 0: of any length.
var sizes = map[format]int{formatString: 0, formatOctets: 0, formatInteger: 4, formatLong: 8,
	formatIPv4: 4, formatIPv6: 16, formatPrefix: 0, formatFace: 8}

// encode writes one value, without a tag.
func (e *entry) encode(written any) ([]byte, error) {
	text, isText := written.(string)
	number, isNumber := written.(int64)
	if !isText && !isNumber {
		return nil, errors.New("a text in quotes or a whole number is expected")
	}
	switch e.format {
	case formatInteger:
		if isText {
			return e.named(text)
		}
		return e.integer(number)
	case formatLong:
		return encodeLong(text, number, isText)
	case formatNumber:
		return e.byNumber(text, number, isText)
	}
	if !isText {
		return nil, errors.New("a text in quotes is expected")
	}
	switch e.format {
	case formatOctets:
		return e.octets(text)
	case formatIPv4, formatIPv6:
		return e.address(text)
	case formatPrefix:
		return encodePrefix(text)
	case formatFace:
		return encodeInterface(text)
	}
	return encodeText(text)
}

func encodeText(text string) ([]byte, error) {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) && !strings.ContainsRune("\t\r\n", r) }
	first, _ := utf8.DecodeRuneInString(text)
	if text == "" || !utf8.ValidString(text) || strings.ContainsFunc(text, hidden) || unicode.IsControl(first) {
		return nil, errors.New("a text without control characters is expected")
	}
	return []byte(text), nil
}

// octets are hexadecimal after 0x; any other text is its own octets.
func (e *entry) octets(text string) (value []byte, err error) {
	if digits, isHex := strings.CutPrefix(text, "0x"); isHex {
		if value, err = hex.DecodeString(digits); err != nil || len(value) == 0 {
			return nil, errors.New("pairs of hexadecimal digits are expected after 0x")
		}
	} else if value, err = encodeText(text); err != nil {
		return nil, err
	}
	if e.size > 0 && len(value) != e.size {
		return nil, fmt.Errorf("%d octets are expected, such as \"0x%s\"", e.size, strings.Repeat("00", e.size))
	}
	return value, nil
}

// byNumber writes what the attribute's number is known for; hexadecimal octets
// stand for themselves, and of an unknown one the value says what it is.
func (e *entry) byNumber(text string, number int64, isText bool) ([]byte, error) {
	switch {
	case strings.HasPrefix(text, "0x"):
		return e.octets(text)
	case e.known != nil && isText:
		return e.known.encode(text)
	case e.known != nil:
		return e.known.encode(number)
	case isText:
		return encodeText(text)
	}
	return e.integer(number)
}
