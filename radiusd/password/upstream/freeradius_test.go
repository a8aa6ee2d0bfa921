package upstream

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

// freeradiusConfig is a server with users, reply attributes and a challenge of
// its own. It signs its replies, but for mallory's.
const freeradiusConfig = `
prefix = %[1]s
logdir = %[1]s
run_dir = %[1]s
raddbdir = %[1]s
libdir = /usr/lib/freeradius
log {
	destination = stdout
}
security {
	reject_delay = %[3]s
	status_server = no
}
thread pool {
	start_servers = 2
	max_servers = 4
}
client upstream {
	ipaddr = 127.0.0.1
	secret = "a shared secret for tests"
	require_message_authenticator = yes
}
modules {
	pap {
	}
	always ok {
		rcode = ok
	}
	always reject {
		rcode = reject
	}
	always handled {
		rcode = handled
	}
}
server default {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = %[2]d
	}
	authorize {
		if (&State) {
			update control {
				&Auth-Type := "second"
			}
		}
		else {
			update control {
				&Cleartext-Password := "correct-horse"
			}
			pap
		}
	}
	authenticate {
		Auth-Type PAP {
			pap
			if (ok && &User-Name == "carol") {
				update session-state {
					&Tmp-String-0 := "123456"
				}
				update reply {
					&Reply-Message := "Enter the code of your token: "
				}
				update control {
					&Response-Packet-Type := Access-Challenge
				}
				handled
			}
		}
		Auth-Type second {
			if (&session-state:Tmp-String-0 && &User-Password == &session-state:Tmp-String-0) {
				update reply {
					&Class := 0x746f6b656e
				}
				ok
			}
			else {
				reject
			}
		}
	}
	post-auth {
		if (&User-Name == "alice") {
			update reply {
				&User-Name := "Alice@example.org"
				&Class += 0x7374616666
				&Class += 0x776865656c
				&Filter-Id := "vpn"
				&Session-Timeout := 3600
				&Reply-Message := "Welcome"
				&Cisco-AVPair := "ip:inacl#1=permit"
				&MS-MPPE-Send-Key := 0x0123456789abcdef0123456789abcdef
				&Tunnel-Password:1 := "tunnel"
			}
		}
		if (&User-Name != "mallory") {
			update reply {
				&Message-Authenticator := 0x00
			}
		}
		Post-Auth-Type REJECT {
			update reply {
				&Message-Authenticator := 0x00
			}
		}
		Post-Auth-Type Challenge {
			update reply {
				&Message-Authenticator := 0x00
			}
		}
	}
}
`

// startFreeRADIUS runs a server for the time of the test and returns its address.
func startFreeRADIUS(t *testing.T, rejectDelay string) string {
	t.Helper()
	program, err := exec.LookPath("freeradius")
	if err != nil {
		program = "/usr/sbin/freeradius"
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("freeradius is missing: install freeradius")
		}
		t.Skip("freeradius is missing: install freeradius")
	}
	folder := t.TempDir()
	port := freePort(t)
	config := fmt.Sprintf(freeradiusConfig, folder, port, rejectDelay)
	for name, text := range map[string]string{"radiusd.conf": config, "dictionary": ""} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	server := exec.Command(program, "-f", "-l", "stdout", "-d", folder, "-D", "/usr/share/freeradius")
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		server.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			server.Process.Kill()
			<-ended
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		text, _ := os.ReadFile(log.Name())
		if strings.Contains(string(text), "Ready to process requests") {
			return fmt.Sprintf("127.0.0.1:%d", port)
		}
		select {
		case <-ended:
			t.Fatalf("freeradius has ended:\n%s", text)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("freeradius isn't ready:\n%s", text)
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// What a server that many sites have says, and what it doesn't.
func TestFreeRADIUS(t *testing.T) {
	t.Parallel()
	address := startFreeRADIUS(t, "0")
	u := newUpstream(t, Options{Servers: []Server{{Address: address, Secret: secret}}, Timeout: 500 * time.Millisecond, GroupAttribute: 25})
	verify := func(name, password string, token []byte) (access.Identity, error) {
		return u.Verify(t.Context(), access.Question{Name: name, Password: []byte(password), Token: token})
	}
	identity, err := verify("alice", "correct-horse", nil)
	want := access.Identity{Name: "Alice@example.org", Groups: []string{"staff", "wheel"}, GroupsKnown: true, Attributes: []access.Attribute{
		{Type: 25, Value: []byte("staff")}, {Type: 25, Value: []byte("wheel")}, {Type: 11, Value: []byte("vpn")},
		{Type: 27, Value: []byte("\x00\x00\x0e\x10")}, {Type: 26, Value: []byte("\x00\x00\x00\x09\x01\x13ip:inacl#1=permit")},
	}}
	if err != nil || !reflect.DeepEqual(identity, want) {
		t.Errorf("alice: %+v, %v", identity, err)
	}
	if _, err := verify("alice", "wrong", nil); !errors.Is(err, access.ErrPasswordWrong) {
		t.Errorf("a wrong password: %v", err)
	}
	if identity, err := verify("bob", "correct-horse", nil); err != nil || identity.Name != "bob" || identity.Attributes != nil {
		t.Errorf("bob: %+v, %v", identity, err)
	}
	checkFreeRADIUSChallenge(t, verify)
	if _, err := verify("mallory", "correct-horse", nil); !errors.Is(err, access.ErrBackend) || !strings.Contains(err.Error(), "it has no Message-Authenticator") {
		t.Errorf("a reply without Message-Authenticator: %v", err)
	}
}

func checkFreeRADIUSChallenge(t *testing.T, verify func(name, password string, token []byte) (access.Identity, error)) {
	t.Helper()
	for code, want := range map[string]error{"123456": nil, "654321": access.ErrPasswordWrong} {
		_, err := verify("carol", "correct-horse", nil)
		var asking *access.Asking
		if !errors.As(err, &asking) || asking.Message != "Enter the code of your token: " {
			t.Errorf("carol: %v", err)
			return
		}
		identity, err := verify("carol", code, asking.Token)
		if !errors.Is(err, want) || err == nil && !reflect.DeepEqual(identity.Groups, []string{"token"}) {
			t.Errorf("carol's %s: %+v, %v", code, identity, err)
		}
		if _, err := verify("carol", "123456", asking.Token); !errors.Is(err, access.ErrPasswordWrong) {
			t.Errorf("carol's question answered twice: %v", err)
		}
	}
}

// It delays rejects by a second as it comes: the default timeout is longer. A
// wrong secret is silence, and where it is allowed no Message-Authenticator will do.
func TestFreeRADIUSAsItComes(t *testing.T) {
	t.Parallel()
	address := startFreeRADIUS(t, "1")
	u := newUpstream(t, Options{Servers: []Server{{Address: address, Secret: secret, AllowWithoutMessageAuthenticator: true}}, Timeout: DefaultTimeout})
	if _, err := u.Verify(t.Context(), access.Question{Name: "alice", Password: []byte("wrong")}); !errors.Is(err, access.ErrPasswordWrong) {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := u.Verify(t.Context(), access.Question{Name: "mallory", Password: []byte("correct-horse")}); err != nil {
		t.Errorf("a reply without Message-Authenticator: %v", err)
	}
	other := newUpstream(t, Options{Servers: []Server{{Address: address, Secret: []byte("another secret")}}})
	if _, err := other.Verify(t.Context(), alice()); !errors.Is(err, access.ErrBackend) {
		t.Errorf("a wrong secret: %v", err)
	}
}
