package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const examples = "../../packaging/examples"

// adapted is an example in a folder of its own, with some words replaced by
// what the test has.
func adapted(t *testing.T, example string, words ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(examples, example))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(words); i += 2 {
		if !bytes.Contains(content, []byte(words[i])) {
			t.Fatalf("%s has no %q", example, words[i])
		}
	}
	path := filepath.Join(t.TempDir(), filepath.Base(example))
	if err := os.WriteFile(path, []byte(strings.NewReplacer(words...).Replace(string(content))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// program finds a foreign program, or says what to install.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		path := filepath.Join(folder, name)
		if information, err := os.Stat(path); err == nil && !information.IsDir() {
			return path
		}
	}
	missing(t, name+" is missing: install "+pkg)
	return ""
}

// accepts has a program read a configuration.
func accepts(t *testing.T, path string, arguments ...string) {
	t.Helper()
	if output, err := exec.Command(path, arguments...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
}

func TestExampleNginx(t *testing.T) {
	t.Parallel()
	nginx := program(t, "nginx", "nginx")
	folder := t.TempDir()
	certificate, key := writePair(t, folder, "example")
	server := adapted(t, "nginx/vpn-otpd.conf", "/etc/ssl/certs/vpn.example.org.pem", certificate, "/etc/ssl/private/vpn.example.org.key", key)
	path := filepath.Join(folder, "nginx.conf")
	content := "pid " + folder + "/pid;\nevents {}\nhttp {\naccess_log off;\ninclude " + server + ";\n}\n"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	accepts(t, nginx, "-t", "-p", folder, "-c", path, "-e", "stderr")
}

func TestExampleCaddy(t *testing.T) {
	t.Parallel()
	caddy := program(t, "caddy", "caddy")
	check := exec.Command(caddy, "validate", "--adapter", "caddyfile", "--config", adapted(t, "caddy/Caddyfile"))
	check.Env = append(os.Environ(), "HOME="+t.TempDir())
	if output, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestExampleOcserv(t *testing.T) {
	t.Parallel()
	ocserv := program(t, "ocserv", "ocserv")
	certificate, key := writePair(t, t.TempDir(), "example")
	accepts(t, ocserv, "--test-config", "--config",
		adapted(t, "ocserv/ocserv.conf", "/etc/ssl/certs/vpn.example.org.pem", certificate, "/etc/ssl/private/vpn.example.org.key", key))
}

// OpenVPN checks the files that a configuration names only after its words: with
// those missing, nothing else may be wrong.
func TestExampleOpenVPN(t *testing.T) {
	t.Parallel()
	openvpn := program(t, "openvpn", "openvpn")
	for _, name := range []string{"server.conf", "client.conf"} {
		output, err := exec.Command(openvpn, "--config", adapted(t, "openvpn/"+name)).CombinedOutput()
		if err == nil || !bytes.Contains(output, []byte("--ca fails with")) {
			t.Errorf("%s: %v\n%s", name, err, output)
		}
		for _, line := range strings.Split(string(output), "\n") {
			if strings.Contains(line, "Options error") && !strings.Contains(line, "No such file") && !strings.Contains(line, "Please correct these errors") {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}
