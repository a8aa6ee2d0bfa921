package admin

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestPeerOfIsTheKernelsWord(t *testing.T) {
	t.Parallel()
	peers := make(chan Peer, 1)
	w := serve(t, func(s *Server) { s.judge = func(p Peer) bool { peers <- p; return true } })
	if _, err := NewClient(w.socket).Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := <-peers
	own, err := os.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	if seen.UID != uint32(os.Geteuid()) || seen.GID != uint32(os.Getegid()) || seen.PID != int32(os.Getpid()) || len(seen.Groups) != len(own) {
		t.Errorf("%+v, own groups %v", seen, own)
	}
	for _, gid := range own {
		if !slices.Contains(seen.Groups, uint32(gid)) {
			t.Errorf("group %d is missing in %v", gid, seen.Groups)
		}
	}
}

// The answer must come although the peer never sends a byte.
func TestRefusedBeforeAnyRead(t *testing.T) {
	t.Parallel()
	w := serve(t, func(s *Server) { s.judge = func(Peer) bool { return false } })
	for range 3 {
		conn := w.dial(t)
		octets, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(octets))), nil)
		if err != nil || response.StatusCode != http.StatusForbidden {
			t.Fatalf("%q: %v", octets, err)
		}
		if body, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(body), `"kind":"forbidden"`) {
			t.Errorf("%q %v", body, err)
		}
	}
	if lines := strings.Count(w.log.String(), "admin connection refused"); lines != 1 {
		t.Errorf("%d log lines, want 1 a minute:\n%s", lines, w.log)
	}
}

func TestClientHearsTheRefusal(t *testing.T) {
	t.Parallel()
	w := serve(t, func(s *Server) { s.judge = func(Peer) bool { return false } })
	for range 50 { // whatever comes first, the client's request or the refusal
		err := NewClient(w.socket).SetPassword(t.Context(), "alice", strings.Repeat("x", 100_000))
		var refusal *RefusalError
		if !errors.As(err, &refusal) || refusal.Kind != KindForbidden {
			t.Fatalf("got %v", err)
		}
	}
	if call, _ := w.accounts.last(); call != "" {
		t.Errorf("came through: %s", call)
	}
}

func TestRefusalsLoggedAgainAfterAMinute(t *testing.T) {
	t.Parallel()
	var later atomic.Int64
	w := serve(t, func(s *Server) {
		s.judge = func(Peer) bool { return false }
		s.Now = func() time.Time { return noon.Add(time.Duration(later.Load())) }
	})
	client := NewClient(w.socket)
	for range 4 {
		_ = client.Reset(t.Context(), "alice")
	}
	later.Store(int64(refusalsLoggedEvery))
	_ = client.Reset(t.Context(), "alice")
	if log := w.log.String(); strings.Count(log, "refused") != 2 || !strings.Contains(log, "suppressed=3") {
		t.Errorf("log:\n%s", log)
	}
}

func TestOtherListenersAreRefused(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	if _, err := peerOf(near); err == nil {
		t.Error("a pipe has a peer")
	}
}

func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	w := serve(t, func(s *Server) { s.Limits.Connections = 2 })
	held := []net.Conn{w.dial(t), w.dial(t)}
	var refusal *RefusalError
	err := NewClient(w.socket).Reset(t.Context(), "alice")
	if !errors.As(err, &refusal) || refusal.Kind != KindBusy || refusal.Status != http.StatusServiceUnavailable {
		t.Fatalf("got %v", err)
	}
	held[0].Close()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if err = NewClient(w.socket).Reset(t.Context(), "alice"); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the slot wasn't given back: %v", err)
		}
	}
}

func TestSilentAndSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	w := serve(t, func(s *Server) { s.Limits.Read = 50 * time.Millisecond; s.Limits.Idle = 50 * time.Millisecond })
	for name, start := range map[string]string{
		"silent":       "",
		"half a head":  "POST /v1/users HTTP/1.1\r\nHost: x\r\n",
		"half a body":  "POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
		"idle after":   "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n",
		"huge header":  "GET /v1/status HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n",
		"garbage":      "\x00\xff\x16\x03garbage\r\n\r\n",
		"endless line": strings.Repeat("G", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := w.dial(t)
			_, _ = io.WriteString(conn, start)
			_, err := io.Copy(io.Discard, conn)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection was left open")
			}
		})
	}
	if call, _ := w.accounts.last(); call != "" {
		t.Errorf("came through: %s", call)
	}
}
