package access

import (
	"encoding/json"
	"fmt"
	"net/netip"
)

// carried is what a State keeps beside the user: what the first factor said, and
// where the login came from, which clients may leave out when they answer.
type carried struct {
	Groups []string `json:",omitempty"`
	// GroupsKnown: these are all of them that some rule names.
	GroupsKnown bool        `json:",omitempty"`
	Attributes  []Attribute `json:",omitempty"`
	Source      netip.Addr  `json:",omitzero"`
	NAS         string      `json:",omitempty"`
	// Token and Former are of a question of the first factor's own: what it needs
	// to go on, and whether it is that of the server that users move away from.
	Token  []byte `json:",omitempty"`
	Former bool   `json:",omitempty"`
}

// write is how the store keeps it. Without rules it matters little where a login
// came from, and most rows are short.
func (c carried) write(settings *Settings) (string, error) {
	if len(settings.Rules) == 0 {
		c.Source, c.NAS = netip.Addr{}, ""
	}
	octets, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("keeping what the first factor said: %w", err)
	}
	if string(octets) == "{}" {
		return "", nil
	}
	return string(octets), nil
}

// readCarried reads it again, and fills what was left out with what the answer says.
func readCarried(text string, answer carried) (c carried, err error) {
	if text != "" {
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			return carried{}, fmt.Errorf("reading what the first factor said: %w", err)
		}
	}
	if !c.Source.IsValid() {
		c.Source = answer.Source
	}
	if c.NAS == "" {
		c.NAS = answer.NAS
	}
	return c, nil
}
