package notice

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
)

// userMark stands for the user's name in Mail.To.
const userMark = "{user}"

// Bounds of an address, in octets (RFC 5321, 4.5.3.1.1 and 4.5.3.1.3).
const (
	maxLocalPart = 64
	maxAddress   = 254
)

var errAddress = errors.New("the user's name makes no mail address")

// recipient is the address of a user. A name that makes anything but one plain
// address is refused: names are typed by strangers, and must not become a second
// recipient, a header or an address elsewhere.
func recipient(template, user string) (string, error) {
	address := strings.ReplaceAll(template, userMark, user)
	if len(address) > maxAddress {
		return "", errAddress
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address { // a display name, a comment, quotes
		return "", errAddress
	}
	local, domain, _ := strings.Cut(address, "@")
	// Mail servers may take what is before %, or behind !, for another host (RFC 5321, appendix C).
	if len(local) > maxLocalPart || strings.ContainsAny(local, "%!") || strings.ContainsFunc(domain, notInDomain) {
		return "", errAddress
	}
	return address, nil
}

// notInDomain finds, among others, the brackets of an IP address.
func notInDomain(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '-' && r != '.'
}
