package main

import (
	"bytes"
	"encoding/base64"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/client"
	"vpn-otpd/store"
)

// What was asked before the daemon is told to stop is answered, a delayed
// reject included.
func TestStopAnswersWhatWasAsked(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	d.enroll(t, "alice")
	answer := make(chan *client.Reply, 1)
	go func() {
		reply, err := client.Exchange(t.Context(), client.Server{Address: d.target().Address, Secret: []byte(testSecret),
			Retransmission: client.Retransmission{First: 4 * time.Second, Count: 1}}, loginRequest("alice", "000000"))
		if err != nil {
			t.Error(err)
		}
		answer <- reply
	}()
	for d.radius.Snapshot().Received == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	if reply := <-answer; reply == nil || reply.Code != radius.CodeAccessReject {
		t.Errorf("answered %+v", reply)
	}
}

// systemd is told when the daemon is ready, reloads and stops.
func TestNotify(t *testing.T) {
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", socket.LocalAddr().String())
	next := func() string {
		t.Helper()
		octets := make([]byte, 4096)
		socket.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := socket.Read(octets)
		if err != nil {
			t.Fatal(err)
		}
		return string(octets[:n])
	}
	d := startDaemon(t, codeClient)
	if said := next(); said != "READY=1\nSTATUS=two-factor is enforced; 0 enrolled; 0 accepted, 0 refused" {
		t.Errorf("said %q", said)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if said := next(); !strings.HasPrefix(said, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("said %q", said)
	}
	if said := next(); !strings.HasPrefix(said, "READY=1") {
		t.Errorf("said %q", said)
	}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	if said := next(); said != "STOPPING=1" {
		t.Errorf("said %q", said)
	}
}

// A changed rule for names that would lose a user is refused at the start.
func TestNameRule(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	d, err := tryDaemon(t, folder, codeClient)
	if err != nil {
		t.Fatal(err)
	}
	d.enroll(t, "alice@example.org")
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	strip := codeClient + "[names]\nrealm = \"strip\"\n"
	if _, err := tryDaemon(t, folder, strip); err == nil || !strings.Contains(err.Error(), `user "alice@example.org" would become "alice"`) {
		t.Errorf("started: %v", err)
	}
	if d, err = tryDaemon(t, folder, codeClient); err != nil {
		t.Fatal(err)
	}
	if err := d.accounts.DeleteUser(t.Context(), store.Actor{}, "alice@example.org"); err != nil {
		t.Fatal(err)
	}
	d.stop()
	if d, err = tryDaemon(t, folder, strip); err != nil {
		t.Fatal(err)
	}
	if name, err := d.accounts.AddUser(t.Context(), store.Actor{}, "alice@example.org", nil); err != nil || name != "alice" {
		t.Errorf("added %q, %v", name, err)
	}
}

// What needs a restart is named at every reload until there was one, and isn't
// half in force before.
func TestReloadKeepsWhatNeedsARestart(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	d.enroll(t, "alice")
	text, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "vpn-otpd.sqlite", "other.sqlite", 1) + "[names]\nrealm = \"strip\"\n"
	if err := os.WriteFile(d.path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		warnings, err := d.reload(t.Context())
		if said := strings.Join(warnings, "\n"); err != nil || !strings.Contains(said, "names.realm") || !strings.Contains(said, "store.path") {
			t.Errorf("warned of %q, %v", said, err)
		}
	}
	decision, err := d.gate.Check(t.Context(), access.Request{Client: access.Client{Name: "nas", Mode: access.ModeCode}, UserName: "alice@example.org", Password: []byte(codeNow(t))})
	if err != nil || decision.Verdict == access.Accept {
		t.Errorf("the new rule for names is in force before the restart: %+v, %v", decision, err)
	}
	status, err := d.status(t.Context())
	if err != nil || filepath.Base(status.Store.Path) != "vpn-otpd.sqlite" {
		t.Errorf("status names the store %s, %v", status.Store.Path, err)
	}
}

// The store key is changed by a reload; afterwards the old one isn't needed.
func TestKeyChangedByReload(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	d, err := tryDaemon(t, folder, codeClient)
	if err != nil {
		t.Fatal(err)
	}
	d.enroll(t, "alice")
	keyFile := filepath.Join(folder, "key", "store.key")
	old, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	fresh := []byte(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{9}, store.KeySize)) + "\n")
	write := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(keyFile, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(fresh) // without the old one nothing could be read
	if _, err := d.reload(t.Context()); err == nil || !strings.Contains(err.Error(), store.ErrWrongKey.Error()) {
		t.Errorf("took a foreign key: %v", err)
	}
	write(append(fresh, old...))
	if _, err := d.reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(fresh)
	if _, err := d.reload(t.Context()); err != nil {
		t.Errorf("without the old key: %v", err)
	}
	d.stop()
	if d, err = tryDaemon(t, folder, codeClient); err != nil {
		t.Fatal(err)
	}
	decision, err := d.gate.Check(t.Context(), access.Request{Client: access.Client{Name: "nas", Mode: access.ModeCode}, UserName: "alice", Password: []byte(codeNow(t))})
	if err != nil || decision.Verdict != access.Accept {
		t.Errorf("%+v, %v", decision, err)
	}
}
