package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// OpenVPN with auth-pam, pam_radius and one dialog: a wrong code is refused, the right one
// brings up a tunnel, through which the server is reached.
func TestTunnelOpenVPN(t *testing.T) {
	needsTunnels(t, map[string]string{"openvpn": "openvpn"})
	t.Parallel()
	certificate, key, authority := siteCertificate(t)
	s := newTunnelSite(t, "openvpn", map[string][]byte{
		"openvpn/ca.pem": authority, "openvpn/server.pem": certificate, "openvpn/server.key": key,
		"pam.d/openvpn-otp":    example(t, "openvpn/pam.conf"),
		"pam_radius_auth.conf": example(t, "openvpn/pam_radius_auth.conf"),
	}, nil)
	openvpn := program(t, "openvpn", "openvpn")
	server := s.server.start("", openvpn, "--config", s.server.write("server.conf", example(t, "openvpn/server.conf")))
	s.server.waitsFor(server, 10*time.Second, "Initialization Sequence Completed")
	s.client.write("ca.pem", authority)
	configuration := s.client.write("client.conf", example(t, "openvpn/client.conf"))

	for _, login := range []struct{ code, answer, decision string }{
		{wrongCode(t), "AUTH_FAILED", "reason=code_wrong"},
		{codeNow(t), "Initialization Sequence Completed", "reason=totp_accepted"},
	} {
		socket := filepath.Join(s.client.folder, login.code)
		client := s.client.start("", openvpn, "--config", configuration, "--management", socket, "unix", "--management-query-passwords", "--connect-retry-max", "1")
		answerDialog(t, socket, login.code)
		s.client.waitsFor(client, 20*time.Second, login.answer)
		s.otpd.waitsFor(s.decisions, time.Second, login.decision)
	}
	if err := s.client.pings("10.98.0.1", 10*time.Second); err != nil {
		t.Error(err)
	}
}

// answerDialog types into the dialog of a client: what a graphical one does.
func answerDialog(t *testing.T, socket, code string) {
	t.Helper()
	var conn net.Conn
	err := fmt.Errorf("never tried")
	for end := time.Now().Add(10 * time.Second); err != nil && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		conn, err = net.Dial("unix", socket)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if line := lines.Text(); strings.HasPrefix(line, ">PASSWORD:Need 'Auth'") {
			if !strings.Contains(line, "Code of your authenticator app") {
				t.Errorf("the dialog doesn't ask for the code: %s", line)
			}
			encode := base64.StdEncoding.EncodeToString
			fmt.Fprintf(conn, "username \"Auth\" alice\npassword \"Auth\" \"SCRV1:%s:%s\"\n", encode([]byte(tunnelPassword)), encode([]byte(code)))
			return
		}
	}
	t.Fatalf("no dialog: %v", lines.Err())
}
