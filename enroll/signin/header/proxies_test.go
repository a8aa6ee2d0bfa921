package header

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The kernel says who is at the other end, through whatever wraps the listener.
func TestPeers(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "") // a path that is short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	path := filepath.Join(folder, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	own := Proxies{UIDs: []uint32{uint32(os.Getuid())}}
	other := Proxies{UIDs: []uint32{uint32(os.Getuid()) + 1}}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if own.Trusts(r) && !other.Trusts(r) {
			io.WriteString(w, "trusted")
		}
	})}
	go server.Serve(struct{ net.Listener }{WithPeers(listener)})
	t.Cleanup(func() { server.Close() })
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get("http://localhost/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if said, err := io.ReadAll(response.Body); err != nil || string(said) != "trusted" {
		t.Errorf("%q, %v", said, err)
	}
}

// A connection of another kind is nobody's.
func TestPeersOfOtherSockets(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := WithPeers(listener).Accept()
		ended <- err
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("it was kept: %v", err)
	}
	listener.Close()
	if err := <-ended; err == nil {
		t.Error("it was taken")
	}
}
