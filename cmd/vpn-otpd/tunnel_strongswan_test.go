package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"
)

// tunnelCharon is what both ends of the test add: no kernel's IPsec is needed, and all is told.
const tunnelCharon = `charon-systemd {
	plugins {
		kernel-libipsec {
			load = 100
		}
	}
	filelog {
		stderr {
			default = 1
		}
	}
}
`

const tunnelIPsecClient = `connections {
	vpn {
		version = 1
		remote_addrs = 198.51.100.1
		proposals = aes256-sha256-modp2048
		vips = 0.0.0.0
		local {
			auth = xauth
			xauth_id = alice
		}
		remote {
			auth = pubkey
			id = vpn.example.org
		}
		children {
			vpn {
				remote_ts = 10.200.0.1/32
			}
		}
	}
}
secrets {
	xauth {
		id = alice
		secret = "PASSWORD"
	}
}
`

// charon starts one on a machine and has it load its configuration.
func charon(t *testing.T, m *machine) {
	t.Helper()
	m.start("", program(t, "charon-systemd", "charon-systemd"))
	loadIPsec(t, m)
}

var missingPlugin = regexp.MustCompile(`(?m)^plugin '.*': failed to load - .* no plugin file available$`)

func loadIPsec(t *testing.T, m *machine) {
	t.Helper()
	swanctl, output, err := program(t, "swanctl", "strongswan-swanctl"), "", context.DeadlineExceeded
	for end := time.Now().Add(10 * time.Second); err != nil && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		output, err = m.try(swanctl, "--load-all") // its socket takes a moment
	}
	// Some builds name each plugin that isn't installed.
	if err != nil || strings.Contains(missingPlugin.ReplaceAllString(output, ""), "failed") {
		t.Fatalf("loading: %v\n%s", err, output)
	}
}

// newIPsecSite is a strongSwan at both ends, the server's with a method of XAuth.
func newIPsecSite(t *testing.T, method string) *tunnelSite {
	t.Helper()
	const inExample = "xauth-radius:code"
	configuration := example(t, "strongswan/swanctl.conf")
	if bytes.Count(configuration, []byte("auth = "+inExample+"\n")) != 1 {
		t.Fatalf("the example doesn't name %s", inExample)
	}
	certificate, key, authority := siteCertificate(t)
	return newTunnelSite(t, "strongswan", map[string][]byte{
		"swanctl/conf.d/vpn-otpd.conf":     bytes.Replace(configuration, []byte("auth = "+inExample), []byte("auth = "+method), 1),
		"strongswan.d/vpn-otpd.conf":       example(t, "strongswan/strongswan.conf"),
		"strongswan.d/test.conf":           []byte(tunnelCharon),
		"swanctl/x509/vpn.example.org.pem": certificate, "swanctl/private/vpn.example.org.pem": key, "swanctl/x509ca/ca.pem": authority,
	}, map[string][]byte{
		"strongswan.d/test.conf": []byte(tunnelCharon), "swanctl/conf.d/vpn.conf": []byte(tunnelIPsecClient), "swanctl/x509ca/ca.pem": authority,
	})
}

var ipsecPackages = map[string]string{"charon-systemd": "charon-systemd", "swanctl": "strongswan-swanctl"}

// initiate has the client log in with what its user typed, and says what it wrote.
func (s *tunnelSite) initiate(field string) (string, error) {
	s.t.Helper()
	s.client.write("etc/swanctl/conf.d/vpn.conf", []byte(strings.Replace(tunnelIPsecClient, "PASSWORD", field, 1)))
	loadIPsec(s.t, s.client)
	return s.client.try(program(s.t, "swanctl", "strongswan-swanctl"), "--initiate", "--child", "vpn", "--timeout", "15")
}

// strongSwan with XAuth: a wrong code is refused, the right one behind the password brings
// up a tunnel, through which what is behind the server is reached.
func TestTunnelStrongswan(t *testing.T) {
	needsTunnels(t, ipsecPackages)
	t.Parallel()
	s := newIPsecSite(t, "xauth-radius") // one field: all that strongSwan's own client answers
	s.server.run("ip", "address", "add", "10.200.0.1/32", "dev", "lo")
	charon(t, s.server)
	charon(t, s.client)
	if output, err := s.initiate(tunnelPassword + wrongCode(t)); err == nil || !strings.Contains(output, "XAuth authentication of 'alice' (myself) failed") {
		t.Errorf("with a wrong code: %v\n%s", err, output)
	}
	s.otpd.waitsFor(s.decisions, time.Second, "reason=code_wrong")
	if output, err := s.initiate(tunnelPassword + codeNow(t)); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	s.otpd.waitsFor(s.decisions, time.Second, "reason=totp_accepted")
	if err := s.client.pings("10.200.0.1", 10*time.Second); err != nil {
		t.Error(err)
	}
}

// The profile of the example asks both of its questions.
func TestTunnelStrongswanProfile(t *testing.T) {
	needsTunnels(t, ipsecPackages)
	t.Parallel()
	s := newIPsecSite(t, "xauth-radius:code")
	charon(t, s.server)
	charon(t, s.client)
	output, err := s.initiate(tunnelPassword)
	if err == nil {
		t.Error("in, without a code")
	}
	for _, question := range []string{"XAuth message: Password\n", "XAuth message: Code of your authenticator app\n"} {
		if !strings.Contains(output, question) {
			t.Errorf("no %q in\n%s", question, output)
		}
	}
}
