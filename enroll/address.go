package enroll

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientAddress is where the browser is: the peer, or, where that is a trusted
// proxy, the last address in X-Forwarded-For that isn't one. What stands before
// it anybody could have written. ByProxy: the peer is one, whatever its address.
func clientAddress(r *http.Request, trusted []netip.Prefix, byProxy bool) netip.Addr {
	var address netip.Addr
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		address = plainAddress(peer.Addr())
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && (byProxy || isTrusted(address, trusted)); i-- {
		hop, ok := parseHop(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		address, byProxy = hop, false
	}
	return address
}

// parseHop reads an address, with or without a port: some proxies write it.
func parseHop(text string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return plainAddress(address), true
	}
	if address, err := netip.ParseAddrPort(text); err == nil {
		return plainAddress(address.Addr()), true
	}
	return netip.Addr{}, false
}

func plainAddress(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

func isTrusted(address netip.Addr, trusted []netip.Prefix) bool {
	for _, prefix := range trusted {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}
