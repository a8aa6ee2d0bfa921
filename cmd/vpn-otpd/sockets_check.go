package main

import "net"

// check holds passed sockets to the rules that the configuration's addresses
// are held to.
func (s *sockets) check(config *Config) error {
	var faults Faults
	fault := func(name, text string) {
		faults = append(faults, Fault{File: "socket of systemd", Key: name, Text: text})
	}
	if s.enroll != nil && config.Page.URL == nil {
		fault(enrollSocket, "enroll.url must say what users open")
	}
	if s.enroll != nil && config.Page.Certificate == "" && !isLocal(s.enroll.Addr()) {
		fault(enrollSocket, "plain HTTP is for loopback only; elsewhere enroll.listen, certificate and key are needed")
	}
	if s.enroll != nil && config.Page.SignIn.Header != nil {
		known := len(config.Page.Proxies.UIDs) > 0
		if s.enroll.Addr().Network() != "unix" {
			known = config.Page.ClientCA != ""
		}
		if !known {
			fault(enrollSocket, "with [enroll.header]: "+notFromLoopback)
		}
	}
	if s.metrics != nil && !isLocal(s.metrics.Addr()) {
		fault(metricsSocket, "metrics are for this machine only: a loopback address, or the path of a socket")
	}
	if len(faults) > 0 {
		return &faults
	}
	return nil
}

// isLocal: nobody can reach it from another machine.
func isLocal(address net.Addr) bool {
	tcp, isTCP := address.(*net.TCPAddr)
	return !isTCP || tcp.IP.IsLoopback()
}
