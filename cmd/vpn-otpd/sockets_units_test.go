package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/client"
)

// systemdTool skips the test where a program of systemd is missing; with
// CI=true that is a failure.
func systemdTool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: install systemd", name)
	}
	t.Skipf("%s is missing: install systemd", name)
}

// tool runs a program and returns what it prints.
func tool(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	systemdTool(t, name)
	output, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, arguments, err, output)
	}
	return string(output)
}

// The units say nothing that systemd doesn't know, and open no more than they must.
func TestUnits(t *testing.T) {
	t.Parallel()
	systemdTool(t, "systemd-analyze")
	units, err := filepath.Glob("../../systemd/*")
	if err != nil || len(units) != 5 {
		t.Fatalf("%v, %v", units, err)
	}
	folder := t.TempDir()
	var copies []string
	for _, unit := range units {
		content, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		// The program isn't installed where the tests run.
		content = []byte(strings.ReplaceAll(string(content), "ExecStart=/usr/bin/vpn-otpd", "ExecStart=/bin/true"))
		copies = append(copies, filepath.Join(folder, filepath.Base(unit)))
		if err := os.WriteFile(copies[len(copies)-1], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if said := tool(t, "systemd-analyze", append([]string{"verify", "--man=no"}, copies...)...); strings.Contains(said, "vpn-otpd") {
		t.Error(said)
	}
	tool(t, "systemd-analyze", "security", "--offline=true", "--threshold=14", "../../systemd/vpn-otpd.service")
}

// The user is locked and owns the folders of the state.
func TestSystemUser(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"systemd-sysusers", "systemd-tmpfiles"} {
		systemdTool(t, name)
	}
	if os.Geteuid() != 0 {
		t.Skip("it takes root to make users, also in a folder")
	}
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	absolute := func(name string) string {
		path, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	tool(t, "systemd-sysusers", "--root="+root, absolute("../../packaging/sysusers.d/vpn-otpd.conf"))
	if users := read("etc/passwd"); !strings.Contains(users, ":/var/lib/vpn-otpd:/usr/sbin/nologin\n") {
		t.Errorf("users:\n%s", users)
	}
	if shadow := read("etc/shadow"); !strings.HasPrefix(shadow, "vpn-otpd:!*:") {
		t.Errorf("the user isn't locked: %s", shadow)
	}
	if groups := read("etc/group"); !strings.Contains(groups, adminGroup+":") || !strings.Contains(groups, helpdeskGroup+":") {
		t.Errorf("groups:\n%s", groups)
	}
	tool(t, "systemd-tmpfiles", "--root="+root, "--create", absolute("../../packaging/tmpfiles.d/vpn-otpd.conf"))
	for name, mode := range map[string]os.FileMode{"run/vpn-otpd": 0o755, "var/lib/vpn-otpd": 0o700, "var/lib/vpn-otpd-key": 0o700} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// systemd's own activator: the first datagram starts the daemon and is answered.
func TestSystemdSocketActivate(t *testing.T) {
	t.Parallel()
	systemdTool(t, "systemd-socket-activate")
	configuration, conn, _, _, files := activatedSockets(t)
	address := conn.LocalAddr().String()
	conn.Close()
	files[0].Close()
	content, err := os.ReadFile(configuration)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(configuration, []byte(strings.ReplaceAll(string(content), "nowhere/", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon, err := exec.LookPath("vpn-otpd")
	if err != nil {
		t.Fatal(err)
	}
	log := new(processLog)
	cmd := exec.Command("systemd-socket-activate", "--datagram", "--listen="+address, "--fdname=radius", daemon, "serve", "--config", configuration)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for end := time.Now().Add(10 * time.Second); !strings.Contains(log.String(), "Listening on") && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	_, err = client.Exchange(t.Context(), client.Server{Address: address, Secret: []byte(testSecret),
		Retransmission: client.Retransmission{First: 25 * time.Second, Count: 1}}, client.Request{Code: radius.CodeStatusServer})
	if err != nil {
		t.Errorf("%v\n%s", err, log)
	}
}
