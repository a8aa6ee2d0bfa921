package admin

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestListenRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	live := filepath.Join(folder, "live")
	listener, err := Listen(live)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, path := range []string{file, link, folder, live, filepath.Join(folder, "none", "s"), filepath.Join(folder, strings.Repeat("x", 120))} {
		if listener, err := Listen(path); err == nil {
			listener.Close()
			t.Errorf("%s was taken", path)
		}
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "precious" {
		t.Errorf("the file is gone: %q %v", content, err)
	}
	if _, err := net.Dial("unix", live); err != nil {
		t.Errorf("the live socket is gone: %v", err)
	}
	assertNames(t, folder, "file", "link", "live")
}

func TestListenModeAndRemoval(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "s")
	listener, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != fs.ModeSocket|0o666 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if listener.Addr().String() != path {
		t.Errorf("address %v", listener.Addr())
	}
	assertNames(t, folder, "s")
	listener.Close()
	assertNames(t, folder)
}

func TestListenTakesOverAStaleSocket(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "s")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	listener, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := net.Dial("unix", path); err != nil {
		t.Error(err)
	}
}

func TestCloseLeavesAnothersSocket(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "s")
	first, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	second, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	first.Close()
	assertNames(t, folder, "s")
}

func assertNames(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("in the folder: %q, want %q", names, want)
	}
}

func TestClientWithoutDaemon(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	notHTTP := filepath.Join(folder, "odd")
	listener, err := net.Listen("unix", notHTTP)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("220 mail.example.org ESMTP\r\n"))
			conn.Close()
		}
	}()
	for _, path := range []string{filepath.Join(folder, "none"), notHTTP} {
		if err := NewClient(path).Reset(t.Context(), "alice"); !errors.Is(err, ErrNotReachable) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestClientGivesUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := NewClient(path).Reset(ctx, "alice"); !errors.Is(err, ErrNotReachable) || !strings.Contains(err.Error(), "in time") {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if err := NewClient(path).Reset(ctx, "alice"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
