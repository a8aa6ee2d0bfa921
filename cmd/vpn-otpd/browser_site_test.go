package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/admin"
	"vpn-otpd/radiusd/client"
	"vpn-otpd/store"
)

// site is a daemon with its page.
type site struct {
	*running
	url   string // of the page, with the last slash
	admin *admin.Client
}

const sitePassword = "correct horse"

// startSite starts a daemon whose page is at http://localhost. Lines of its
// section enroll can be given. The VPN at 127.0.0.1 knows challenges.
func startSite(t *testing.T, lines ...string) *site {
	t.Helper()
	return startSiteAt(t, func(port string) string { return "http://localhost:" + port + "/2fa/" }, lines...)
}

// startSiteAt starts one whose address depends on the port where the page listens.
func startSiteAt(t *testing.T, address func(port string) string, lines ...string) *site {
	t.Helper()
	for tries := 1; ; tries++ { // another test may take the port meanwhile
		port := unusedPort(t)
		d, err := tryDaemon(t, t.TempDir(), strings.Replace(codeClient, `mode = "code"`, `mode = "challenge"`, 1)+
			"[enroll]\nlisten = \"127.0.0.1:"+port+"\"\nurl = \""+address(port)+"\"\n"+strings.Join(lines, "\n"))
		if err == nil {
			return &site{d, address(port), admin.NewClient(d.config.Admin.Socket)}
		}
		if tries == 5 {
			t.Fatal(err)
		}
	}
}

func unusedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// add makes users who have the password of this site.
func (s *site) add(t *testing.T, names ...string) {
	t.Helper()
	password := sitePassword
	for _, name := range names {
		if _, err := s.admin.AddUser(t.Context(), name, &password); err != nil {
			t.Fatal(err)
		}
	}
}

// login is a user at the VPN's prompt.
func (s *site) login(t *testing.T, user string) *client.Login {
	t.Helper()
	target := s.target()
	target.Retransmission = client.Retransmission{Longest: 2 * time.Second, Count: 30, Total: 3 * patience} // of a patient VPN
	conn, err := client.Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client.Login{Conn: conn, User: user}
}

// records are what the audit log says of a user.
func (s *site) records(t *testing.T, query store.LogQuery) []store.Record {
	t.Helper()
	query.Limit = 100
	records, _, err := s.store.Log(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// signIn opens the page and sends name and password; what comes of it is an answer
// with a status.
func (p *tab) signIn(s *site, user, password string) int {
	p.Helper()
	p.open(s.url)
	p.fill("#username", user)
	p.fill("#password", password)
	return p.press("#submit")
}

// enroll scans what is shown and confirms it under a name.
func (p *tab) enroll(label string) *phone {
	p.Helper()
	device := p.scan()
	if typed := p.typed(); typed != device.secret {
		p.Fatalf("the letters say %s, the QR code says %s", typed, device.secret)
	}
	p.fill("#label", label)
	p.give(device)
	return device
}
