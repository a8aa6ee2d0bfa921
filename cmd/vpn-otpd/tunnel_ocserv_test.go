package main

import (
	"testing"
	"time"
)

// ocserv asks openconnect in two forms: a wrong code is refused, the right one brings up a
// tunnel, through which the server is reached.
func TestTunnelOcserv(t *testing.T) {
	needsTunnels(t, map[string]string{"ocserv": "ocserv", "openconnect": "openconnect"})
	t.Parallel()
	certificate, key, authority := siteCertificate(t)
	s := newTunnelSite(t, "ocserv", map[string][]byte{
		"ssl/certs/vpn.example.org.pem": certificate, "ssl/private/vpn.example.org.key": key,
		"radcli/radiusclient.conf": example(t, "ocserv/radiusclient.conf"),
		"radcli/servers":           example(t, "ocserv/servers"),
	}, nil)
	ocserv := s.server.start("", program(t, "ocserv", "ocserv"), "--foreground", "--debug", "2", "--config", s.server.write("ocserv.conf", example(t, "ocserv/ocserv.conf")))
	s.server.waitsFor(ocserv, 10*time.Second, "initialized ocserv")

	ca := s.client.write("ca.pem", authority)
	script := `[ "$reason" = connect ] || exit 0; ip address add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"; ip link set "$TUNDEV" up; ip route add 10.99.0.0/24 dev "$TUNDEV"`
	for _, login := range []struct{ code, answer, decision string }{
		{wrongCode(t), "Enter the next code, that one was wrong: ", "reason=code_wrong"},
		{codeNow(t), "Configured as 10.99.0.", "reason=totp_accepted"},
	} {
		client := s.client.start("alice\n"+tunnelPassword+"\n"+login.code+"\n", program(t, "openconnect", "openconnect"), "--protocol=anyconnect", "--cafile", ca, "--script", script, "https://vpn.example.org")
		s.client.waitsFor(client, 20*time.Second, "Enter the code that your authenticator app shows: ")
		s.client.waitsFor(client, 20*time.Second, login.answer)
		s.otpd.waitsFor(s.decisions, time.Second, login.decision)
	}
	if err := s.client.pings("10.99.0.1", 10*time.Second); err != nil {
		t.Error(err)
	}
}
