package main

import (
	"net/netip"
	"strings"
)

// MetricsConfig is [metrics].
type MetricsConfig struct {
	// Listen is a loopback address, or "unix:" and the path of a socket; "": none.
	Listen string `toml:"listen"`
}

const unixPrefix = "unix:"

// metrics makes the path of a socket absolute.
func (l *loader) metrics(w MetricsConfig) MetricsConfig {
	if w.Listen == "" {
		return w
	}
	if path, isSocket := strings.CutPrefix(w.Listen, unixPrefix); isSocket {
		path, _ = l.resolve(path)
		if path == "" || len(path) > 100 {
			l.fault("metrics.listen", "a path of 1 to 100 octets is expected after unix:")
		}
		return MetricsConfig{Listen: unixPrefix + path}
	}
	if fault := addressFault(w.Listen); fault != "" {
		l.fault("metrics.listen", "%q: %s", w.Listen, fault)
		return w
	}
	if address, err := netip.ParseAddrPort(w.Listen); err != nil || !address.Addr().Unmap().IsLoopback() {
		l.fault("metrics.listen", "%q: metrics are for this machine only: a loopback address such as \"127.0.0.1:9812\", or unix: and a path", w.Listen)
	}
	return w
}
