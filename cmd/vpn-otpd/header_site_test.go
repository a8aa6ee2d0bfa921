package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"vpn-otpd/radiusd/admin"
)

// shortFolder is one whose paths a socket has room for.
func shortFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

// startHeaderSite starts a daemon whose page believes a header of one user's
// processes, and is at an address of a proxy's.
func startHeaderSite(t *testing.T, address, socket, peer string) *site {
	t.Helper()
	d := startDaemon(t, strings.Replace(codeClient, `mode = "code"`, `mode = "challenge"`, 1)+`[enroll]
listen = "unix:`+socket+`"
url = "`+address+`"
peers = ["`+peer+`"]
sign_in = ["header"]
[enroll.header]
name = "X-Remote-User"
[metrics]
listen = "127.0.0.1:0"
`)
	return &site{d, address, admin.NewClient(d.config.Admin.Socket)}
}

// askWithHeader asks as a proxy would for alice.
func askWithHeader(t *testing.T, socket, method, path string) (status int, body string) {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"X-Remote-User": {"alice"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// A socket that was left behind is taken over; one that somebody answers on isn't.
func TestPageOnSocket(t *testing.T) {
	t.Parallel()
	socket := shortFolder(t) + "/enroll.sock"
	left, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	left.Close()
	s := startHeaderSite(t, "http://localhost/2fa/", socket, "root")
	if information, err := os.Stat(socket); err != nil || information.Mode().Perm() != 0o666 {
		t.Errorf("the socket is %v, %v", information.Mode(), err)
	}
	if status, _ := askWithHeader(t, socket, http.MethodGet, "/2fa/"); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	listener, err := admin.Listen(socket)
	if err == nil {
		listener.Close()
		t.Error("a second page took the socket")
	}
	if s.page.address() != socket {
		t.Errorf("it listens at %q", s.page.address())
	}
}
