package upstream

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"vpn-otpd/radiusd/access"
)

// TypedNames says which typed names are the user's where an accept has no
// User-Name. Servers know one user by several: without or with a realm or a
// domain, in full width letters, with or without accents. Each of them would be
// another user here, one without a device.
type TypedNames string

const (
	// TypedPlain: those of ASCII letters, digits and dots, dashes and underscores
	// between them, which servers don't take for another name.
	TypedPlain TypedNames = "plain"
	// TypedAll: all of them, for servers that know each user by one name only.
	TypedAll TypedNames = "all"
	// TypedNone: none, an accept needs a User-Name.
	TypedNone TypedNames = "none"
)

// plainName is a canonical name, so it has no capitals.
var plainName = regexp.MustCompile(`^[a-z0-9_]+([.-]+[a-z0-9_]+)*$`)

func (t TypedNames) takes(name string) bool {
	switch t {
	case TypedAll:
		return true
	case TypedPlain:
		return plainName.MatchString(name)
	}
	return false
}

// name is who was accepted: whom the server names, else whom the user typed
// where that may count.
func (a answer) name(typed string, rule TypedNames) (string, error) {
	own := a.UserName()
	switch {
	case own != "" && !utf8.ValidString(own):
		return "", fmt.Errorf("%w: %s accepts with a User-Name that isn't UTF-8", access.ErrBackend, a.server.Address)
	case own != "":
		return own, nil
	case !rule.takes(typed):
		return "", fmt.Errorf("%w: %s accepts the password without a User-Name, and what was typed may be one of several names of a user: "+
			"the server is to return User-Name, or password.radius.typed_names says which typed names count (now %q)",
			access.ErrUserUnknown, a.server.Address, rule)
	}
	return typed, nil
}
