package main

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// startPage serves a handler as the enrollment page is, until the test ends.
func startPage(t *testing.T, config PageConfig, handler http.Handler) *pageServer {
	t.Helper()
	config.Listen = "127.0.0.1:0"
	p, err := listenPage(t.Context(), config, nil, handler, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := p.shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return p
}

// handshake opens a connection and tells whose certificate it was given.
func handshake(address string, config *tls.Config) (name string, err error) {
	config.InsecureSkipVerify = true // it is self-made; the test looks at its name
	conn, err := tls.Dial("tcp", address, config)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

// A renewed certificate is served without a restart; what can't be used isn't.
func TestRenewedCertificate(t *testing.T) {
	t.Parallel()
	folder, other := t.TempDir(), t.TempDir()
	certificate, key := writePair(t, folder, "old")
	p := startPage(t, PageConfig{Certificate: certificate, Key: key}, http.NotFoundHandler())
	for _, step := range []struct {
		change func()
		want   string
	}{
		{func() {}, "old"},
		{func() { writePair(t, folder, "new") }, "new"},
		{func() { os.WriteFile(certificate, []byte("half a certific"), 0o600) }, "new"},
		{func() { os.Remove(key) }, "new"},
		{func() { writePair(t, folder, "third") }, "third"},
		{func() { // one of the files alone doesn't fit the other
			alone, _ := writePair(t, other, "alone")
			os.Rename(alone, certificate)
		}, "third"},
		{func() { os.Rename(strings.Replace(key, folder, other, 1), key) }, "alone"},
	} {
		step.change()
		if name, err := handshake(p.listener.Addr().String(), &tls.Config{}); err != nil || name != step.want {
			t.Errorf("served %q, %v, want %q", name, err, step.want)
		}
	}
}

func TestPageSpeaksHTTP2OverModernTLS(t *testing.T) {
	t.Parallel()
	certificate, key := writePair(t, t.TempDir(), "one")
	p := startPage(t, PageConfig{Certificate: certificate, Key: key}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto)
	}))
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		_, err := handshake(p.address(), &tls.Config{MinVersion: version, MaxVersion: version})
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("https://" + p.address() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if said, err := io.ReadAll(response.Body); err != nil || string(said) != "HTTP/2.0" {
		t.Errorf("spoke %s, %v", said, err)
	}
}

// A request under way is answered before the page is gone; a new one isn't.
func TestPageStops(t *testing.T) {
	t.Parallel()
	arrived, goOn := make(chan struct{}), make(chan struct{})
	p := startPage(t, PageConfig{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-goOn
		io.WriteString(w, "done")
	}))
	answer := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + p.address() + "/")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		said, _ := io.ReadAll(response.Body)
		answer <- string(said)
	}()
	<-arrived
	stopped := make(chan error, 1)
	go func() { stopped <- p.shutdown(t.Context()) }()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", p.address())
		if err != nil {
			break
		}
		conn.Close()
		if time.Now().After(deadline) {
			t.Fatal("it still listens")
		}
	}
	close(goOn)
	if said := <-answer; said != "done" {
		t.Errorf("answered %q", said)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// What doesn't end in time is cut off.
func TestPageStopsInTime(t *testing.T) {
	t.Parallel()
	arrived, cut := make(chan struct{}), make(chan struct{})
	p := startPage(t, PageConfig{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(cut)
	}))
	go func() {
		if response, err := http.Get("http://" + p.address() + "/"); err == nil {
			response.Body.Close()
			t.Errorf("answered %s", response.Status)
		}
	}()
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.shutdown(ctx); err != nil {
		t.Error(err)
	}
	select {
	case <-cut:
	case <-time.After(5 * time.Second):
		t.Error("the request wasn't cut off")
	}
}

// Strangers can't take up more than so many connections, each for so long, and
// no header of theirs is read without end.
func TestPageIsBounded(t *testing.T) {
	t.Parallel()
	p := startPage(t, PageConfig{}, http.NotFoundHandler())
	if s := p.server; s.ReadHeaderTimeout != 10*time.Second || s.ReadTimeout != 10*time.Second || s.WriteTimeout != 30*time.Second || s.IdleTimeout != time.Minute {
		t.Errorf("timeouts %s, %s, %s, %s", s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout)
	}
	request, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+p.address()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X", strings.Repeat("x", 32<<10))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a long header: %s", response.Status)
	}

	for range pageConnections {
		conn, err := net.Dial("tcp", p.address())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	late, err := net.Dial("tcp", p.address()) // the kernel takes it, the server doesn't
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	io.WriteString(late, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	late.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := late.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("one connection too many was answered")
	}
}
