package radiusd

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/prompt"
)

// Client is one configured NAS or portal.
type Client struct {
	access.Client
	Networks []netip.Prefix // masked; longest prefix wins
	Secret   []byte
	// RequireMessageAuthenticator drops requests without the attribute.
	RequireMessageAuthenticator bool
	// LimitProxyState drops requests that carry Proxy-State but no
	// Message-Authenticator, where the latter isn't required.
	LimitProxyState bool
	// StatusServer: the client may ask whether we are alive (RFC 5997).
	StatusServer bool
	Prompt       prompt.Style
}

// Table finds the client of an address. It doesn't change once it is made, and
// belongs to one [Server].
type Table struct {
	peers    []*peer
	networks map[netip.Prefix]*peer
	lengths4 []int // prefix lengths in use, longest first
	lengths6 []int
}

// peer is a client with what the server keeps for it.
type peer struct {
	Client
	authenticator *authenticator
	traffic       *traffic
	warned        [drops]perMinute
	refused       perMinute
	statusRate    perSecond
}

// NewTable makes the table of these clients. The error names every fault: a
// client without name, secret or network, a name that is there twice, and two
// networks that are equal.
func NewTable(clients []Client) (*Table, error) {
	table := &Table{networks: make(map[netip.Prefix]*peer)}
	names := make(map[string]bool)
	var faults []error
	for _, client := range clients {
		switch {
		case client.Name == "":
			faults = append(faults, errors.New("a RADIUS client has no name"))
		case names[client.Name]:
			faults = append(faults, fmt.Errorf("two RADIUS clients have the name %q", client.Name))
		}
		names[client.Name] = true
		if len(client.Secret) == 0 {
			faults = append(faults, fmt.Errorf("RADIUS client %q has no secret", client.Name))
		}
		faults = append(faults, table.add(client)...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return table, nil
}

func (t *Table) add(client Client) (faults []error) {
	if len(client.Networks) == 0 {
		faults = append(faults, fmt.Errorf("RADIUS client %q has no network", client.Name))
	}
	p := &peer{Client: client, authenticator: newAuthenticator(client.Secret), traffic: &traffic{}}
	t.peers = append(t.peers, p)
	for _, written := range client.Networks {
		network := unmapPrefix(written).Masked()
		if !network.IsValid() {
			faults = append(faults, fmt.Errorf("RADIUS client %q has an invalid network", client.Name))
			continue
		}
		if other, taken := t.networks[network]; taken {
			faults = append(faults, fmt.Errorf("RADIUS clients %q and %q have the same network %s", other.Name, client.Name, network))
			continue
		}
		t.networks[network] = p
		if network.Addr().Is4() {
			t.lengths4 = addLength(t.lengths4, network.Bits())
		} else {
			t.lengths6 = addLength(t.lengths6, network.Bits())
		}
	}
	return faults
}

// lookup returns the client with the longest prefix that holds the address, or
// nil. An IPv4 address that an IPv6 socket received is an IPv4 address.
func (t *Table) lookup(address netip.Addr) *peer {
	address = address.Unmap().WithZone("")
	lengths := t.lengths6
	if address.Is4() {
		lengths = t.lengths4
	}
	for _, length := range lengths {
		network, err := address.Prefix(length)
		if err != nil {
			return nil
		}
		if p, ok := t.networks[network]; ok {
			return p
		}
	}
	return nil
}

// unmapPrefix writes ::ffff:192.0.2.0/120 as 192.0.2.0/24.
func unmapPrefix(prefix netip.Prefix) netip.Prefix {
	if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
		return netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return prefix
}

func addLength(lengths []int, length int) []int {
	if slices.Contains(lengths, length) {
		return lengths
	}
	lengths = append(lengths, length)
	slices.SortFunc(lengths, func(a, b int) int { return b - a })
	return lengths
}
