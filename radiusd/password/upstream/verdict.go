package upstream

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/client"
)

const (
	// maxValue is the most octets of an attribute's value.
	maxValue = 253
	// maxAttributes bounds what is passed on to our own Access-Accept, in octets
	// as they stand in a packet.
	maxAttributes = 2048
	// fullMessage is from how many octets on a Reply-Message goes on in the next
	// one: servers cut long texts, some before a letter of several octets.
	fullMessage = maxValue - utf8.UTFMax + 1
)

// verdict is what the answer means to a login of who typed this name.
func (a answer) verdict(typed string, options *Options) (access.Identity, error) {
	switch a.Code {
	case client.Accept:
		return a.identity(typed, options)
	case client.Challenge:
		return access.Identity{}, &access.Asking{Message: message(a.Messages()), Token: makeToken(a.server.Address, a.State())}
	}
	return access.Identity{}, fmt.Errorf("%w: %s says so", access.ErrPasswordWrong, a.server.Address)
}

// identity is who the server says it is, and what it wants the Access-Accept to
// hold. Too much of that is a fault: what would be left out may be a restriction.
func (a answer) identity(typed string, options *Options) (access.Identity, error) {
	name, err := a.name(typed, options.TypedNames)
	if err != nil {
		return access.Identity{}, err
	}
	groups, err := a.groups(options.GroupAttribute)
	if err != nil {
		return access.Identity{}, err
	}
	identity := access.Identity{Name: name, Groups: groups, GroupsKnown: options.GroupAttribute != 0}
	size := 0
	for _, attribute := range a.Attributes {
		kind, value := uint8(attribute.Type), attribute.Attribute
		if !passedOn(kind, value) {
			continue
		}
		size += 2 + len(value)
		identity.Attributes = append(identity.Attributes, access.Attribute{Type: kind, Value: value})
	}
	if size > maxAttributes {
		return access.Identity{}, fmt.Errorf("%w: %s accepts with %d octets of attributes: %d is the most", access.ErrBackend, a.server.Address, size, maxAttributes)
	}
	return identity, nil
}

// groups are all of the user's, or an error: one that was left out might be that
// of a stricter rule.
func (a answer) groups(kind uint8) (groups []string, err error) {
	for _, attribute := range a.Attributes {
		value := attribute.Attribute
		switch {
		case kind == 0 || uint8(attribute.Type) != kind || len(value) == 0:
			continue
		case !utf8.Valid(value):
			return nil, fmt.Errorf("%w: %s accepts with a group that isn't UTF-8", access.ErrBackend, a.server.Address)
		case len(groups) == access.MaxGroups:
			return nil, fmt.Errorf("%w: %s accepts with more than %d groups", access.ErrBackend, a.server.Address, access.MaxGroups)
		}
		groups = append(groups, string(value))
	}
	return groups, nil
}

// message is the text of several Reply-Messages, in UTF-8.
func message(parts []string) string {
	var text strings.Builder
	for i, part := range parts {
		if i > 0 && len(parts[i-1]) < fullMessage {
			text.WriteByte(' ')
		}
		text.WriteString(part)
	}
	return strings.ToValidUTF8(text.String(), "\uFFFD")
}
