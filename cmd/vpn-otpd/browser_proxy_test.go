package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"vpn-otpd/store"
)

// trusting makes Chromium trust one certificate and no other: it stands for an
// authority that the test can't add.
func trusting(t *testing.T, certificate string) chromedp.ExecAllocatorOption {
	t.Helper()
	octets, err := os.ReadFile(certificate)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(octets)
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	return chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(sum[:]))
}

// The daemon serves HTTPS with a certificate of its own, and the browser holds
// the cookie back from everything else.
func TestBrowserOverTLS(t *testing.T) {
	t.Parallel()
	certificate, key := writePair(t, t.TempDir(), "localhost")
	p := startBrowser(t, trusting(t, certificate)).visitor(t)
	s := startSiteAt(t, func(port string) string { return "https://localhost:" + port + "/2fa/" },
		`certificate = "`+certificate+`"`, `key = "`+key+`"`)
	s.add(t, "alice")
	p.signIn(s, "alice", sitePassword)
	p.enroll("Phone")
	if kept := p.session(s.url); !kept.Secure || !strings.HasPrefix(kept.Name, "__Secure-") {
		t.Errorf("the browser has %+v", kept)
	}
}

// Behind nginx the browser speaks TLS to that, and the audit log has the
// browser's address: neither the proxy's nor one that the browser made up.
func TestBrowserBehindProxy(t *testing.T) {
	t.Parallel()
	requirePrograms(t, "nginx")
	certificate, key := writePair(t, t.TempDir(), "localhost")
	p := startBrowser(t, trusting(t, certificate)).visitor(t)
	front := unusedPort(t)
	s := startSiteAt(t, func(string) string { return "https://localhost:" + front + "/2fa/" }, `trusted_proxies = ["127.0.0.9/32"]`)
	s.add(t, "alice")
	startProxy(t, front, s.page.address(), certificate, key)
	send(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"X-Forwarded-For": "203.0.113.7, 127.0.0.9"}})
	p.signIn(s, "alice", sitePassword)
	p.enroll("Phone")
	if kept := p.session(s.url); !kept.Secure || !strings.HasPrefix(kept.Name, "__Secure-") {
		t.Errorf("the browser has %+v", kept)
	}
	records := s.records(t, store.LogQuery{User: "alice", Event: "device_added"})
	if len(records) != 1 || records[0].CallingStation != "127.0.0.1" {
		t.Errorf("the audit log says %+v", records)
	}
}

// startProxy runs nginx as an administrator would set it up, until the test ends.
// It speaks to the daemon from 127.0.0.9.
func startProxy(t *testing.T, port, daemon, certificate, key string) {
	t.Helper()
	site := filepath.Join(t.TempDir(), "site.conf")
	configuration := fmt.Sprintf(`server {
	listen 127.0.0.1:%s ssl;
	ssl_certificate %s;
	ssl_certificate_key %s;
	location /2fa/ {
		proxy_pass http://%s;
		proxy_bind 127.0.0.9;
		proxy_set_header Host $http_host;
		proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
	}
}
`, port, certificate, key, daemon)
	if err := os.WriteFile(site, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	runProxy(t, port, site)
}

// runProxy runs nginx for the site in a file, until the test ends.
func runProxy(t *testing.T, port, site string) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "nginx.conf")
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // the folder is the test's
	}
	configuration := fmt.Sprintf(`daemon off; %[1]s worker_processes 1; pid %[2]s/pid; error_log stderr;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path %[2]s/body; proxy_temp_path %[2]s/proxy; fastcgi_temp_path %[2]s/f; uwsgi_temp_path %[2]s/u; scgi_temp_path %[2]s/s;
	include %[3]s;
}
`, user, folder, site)
	if err := os.WriteFile(path, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	nginx := exec.Command("nginx", "-p", folder, "-c", path, "-e", "stderr")
	nginx.Stderr = &said
	if err := nginx.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		nginx.Process.Signal(os.Interrupt)
		if err := nginx.Wait(); err != nil {
			t.Errorf("nginx: %v\n%s", err, said.String())
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nginx doesn't listen")
		}
	}
}
