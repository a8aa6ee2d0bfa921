package access

import (
	"net/netip"
	"strings"
)

// sourceOf finds the address in a Calling-Station-Id, as VPN servers write it:
// 192.0.2.1, 192.0.2.1[34161], 192.0.2.1:34161, [2001:db8::1]:34161. The port is
// not part of who it is. The zero address: there is none.
func sourceOf(callingStation string) netip.Addr {
	text := strings.TrimSpace(callingStation)
	if before, _, found := strings.Cut(strings.TrimPrefix(text, "["), "["); found && !strings.HasPrefix(text, "[") {
		text = before
	}
	if address, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return address.Unmap().WithZone("")
	}
	if address, err := netip.ParseAddrPort(text); err == nil {
		return address.Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// networkOf is the network that one customer of a provider has: /24 and /64.
func networkOf(address netip.Addr) netip.Prefix {
	bits := 64
	if address.Is4() {
		bits = 24
	}
	network, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}
