package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"

	"vpn-otpd/store"
)

// nginx asks for the password and says who it is, over a socket. What the browser
// itself writes into the header is gone, and its address is the browser's.
func TestBrowserSignsInByHeader(t *testing.T) {
	t.Parallel()
	requirePrograms(t, "nginx")
	certificate, key := writePair(t, t.TempDir(), "localhost")
	b := startBrowser(t, trusting(t, certificate))
	front, socket := unusedPort(t), filepath.Join(shortFolder(t), "enroll.sock")
	s := startHeaderSite(t, "https://localhost:"+front+"/2fa/", socket, fmt.Sprint(os.Getuid()))

	passwords := filepath.Join(shortFolder(t), "passwords")
	if err := os.WriteFile(passwords, []byte("alice:{PLAIN}of-alice\nbob:{PLAIN}of-bob\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	runProxy(t, front, adapted(t, "nginx/vpn-otpd-header.conf", "listen 443 ssl;", "listen 127.0.0.1:"+front+" ssl;", "listen [::]:443 ssl;", "",
		"/etc/ssl/certs/vpn.example.org.pem", certificate, "/etc/ssl/private/vpn.example.org.key", key,
		"/etc/nginx/vpn.htpasswd", passwords, "/run/vpn-otpd/enroll.sock", socket, "Host $host", "Host $http_host"))

	p := b.visitor(t)
	send(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{
		"X-Remote-User": "bob", "X-Forwarded-For": "203.0.113.7", "Authorization": "Basic YWxpY2U6b2YtYWxpY2U=", // alice, of-alice
	}})
	p.open(s.url)
	p.shows("Sign in as alice")
	p.hides(`id="password"`)
	if kept := p.cookies(s.url); len(kept) != 0 {
		t.Errorf("a look at the page left %v", kept)
	}
	p.press("#signin-header")
	p.at("/2fa/enroll")
	p.shows("For the user alice")
	device := p.enroll("Phone")
	p.press("#signout")
	p.press("#signin-header")
	p.shows("Enter your code")
	p.give(device)
	p.shows("Your devices")
	records := s.records(t, store.LogQuery{User: "alice", Event: "device_added"})
	if len(records) != 1 || records[0].CallingStation != "127.0.0.1" {
		t.Errorf("the audit log says %+v", records)
	}
	if records := s.records(t, store.LogQuery{User: "bob"}); len(records) != 0 {
		t.Errorf("of bob the audit log says %+v", records)
	}
}

// The header of a user of this machine that isn't the proxy's counts as little as
// one that comes from elsewhere.
func TestHeaderOfAnotherUser(t *testing.T) {
	t.Parallel()
	for peer, good := range map[string]bool{fmt.Sprint(os.Getuid()): true, fmt.Sprint(os.Getuid() + 1): false} {
		socket := filepath.Join(shortFolder(t), "enroll.sock")
		s := startHeaderSite(t, "http://localhost/2fa/", socket, peer)
		status, body := askWithHeader(t, socket, http.MethodGet, "/2fa/")
		if status != http.StatusOK || strings.Contains(body, "Sign in as alice") != good {
			t.Errorf("as %s: status %d\n%s", peer, status, body)
		}
		status, body = askWithHeader(t, socket, http.MethodPost, "/2fa/signin/header")
		if (status == http.StatusSeeOther) != good || !good && (status != http.StatusUnprocessableEntity || !strings.Contains(body, "did not say who you are")) {
			t.Errorf("as %s: status %d\n%s", peer, status, body)
		}
		if status, _ = askWithHeader(t, socket, http.MethodPost, "/2fa/signin"); status != http.StatusNotFound {
			t.Errorf("a password: status %d", status)
		}
		records := s.records(t, store.LogQuery{User: "alice"})
		if (len(records) > 0) != good {
			t.Errorf("as %s the audit log says %+v", peer, records)
		}
		_, metrics := get(t, "tcp", s.metrics.address(), "/metrics")
		if ignored := `vpn_otpd_page_signins_total{outcome="ignored",way="header"} 3`; strings.Contains(metrics, ignored) == good {
			t.Errorf("as %s: the metrics say\n%s", peer, metrics)
		}
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(socket); !os.IsNotExist(err) {
			t.Errorf("the socket is left: %v", err)
		}
	}
}
