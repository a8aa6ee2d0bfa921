package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vpn-otpd/radiusd/client"
	"vpn-otpd/radiusd/totp"
)

// BenchmarkLDAPLogins logs enrolled users in whose passwords are checked by a
// directory that takes 5 ms for each answer, a search and a bind per login: 256
// in progress, from 8 sockets, at a daemon that is a process of its own. It
// should be 1,000 logins/s or more. Each is another user, so that no code is used
// twice: -benchtime=10000x. cpu-us/login is the daemon's own processor time.
// Load and directory take theirs from the same machine: cores is how many of it
// the three got together, few where others are at work.
func BenchmarkLDAPLogins(b *testing.B) {
	program := filepath.Join(b.TempDir(), "vpn-otpd")
	if output, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	for _, load := range []ldapLoad{
		{name: "append", mode: "append", connections: 32, source: ownNetwork},
		{name: "challenge", mode: "challenge", connections: 32, source: ownNetwork},
		// All behind one address, such as a campus: the throttle lets fewer through at once.
		{name: "one_network", mode: "append", connections: 32, source: func(int) string { return "192.0.2.1" }},
		// What the delay alone allows is 200 logins/s for each connection of a kind.
		{name: "four_connections", mode: "append", connections: 4, source: ownNetwork},
	} {
		b.Run(load.name, func(b *testing.B) { load.run(b, program) })
	}
}

// ldapLoad is one way to log in.
type ldapLoad struct {
	name, mode  string
	connections int
	source      func(user int) string // Calling-Station-Id
}

func ownNetwork(user int) string { return fmt.Sprintf("10.%d.%d.1", user>>8&255, user&255) }

const ldapConfiguration = `require_two_factor = true
two_factor_methods = ["totp"]
[store]
path = "vpn-otpd.sqlite"
key_file = "key/store.key"
[admin]
socket = "admin.sock"
[radius]
listen = ["127.0.0.1:0"]
[[radius.client]]
name = "nas"
networks = ["127.0.0.1/32"]
secret = "` + testSecret + `"
mode = %q
[password]
order = ["ldap"]
[password.ldap]
servers = [%q]
start_tls = false
base = "ou=people,dc=example,dc=org"
bind_dn = "cn=reader,dc=example,dc=org"
bind_password = "` + directoryPassword + `"
connections = %d
`

func (l ldapLoad) run(b *testing.B, program string) {
	folder := b.TempDir()
	url := slowDirectory{delay: 5 * time.Millisecond}.start(b)
	config := filepath.Join(folder, "vpn-otpd.toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, ldapConfiguration, l.mode, url, l.connections), 0o600); err != nil {
		b.Fatal(err)
	}
	fillStore(b, folder, max(b.N, 5000))
	daemon := exec.Command(program, "serve", "--config", config)
	address := waitForReady(b, daemon)
	defer daemon.Process.Kill() // where it didn't end by itself
	daemonBefore, ownBefore := processorTime(b, daemon), processorTime(b, nil)
	took := l.logins(b, address)
	b.StopTimer()
	used, own := processorTime(b, daemon)-daemonBefore, processorTime(b, nil)-ownBefore
	slices.Sort(took)
	daemon.Process.Signal(syscall.SIGTERM)
	if err := daemon.Wait(); err != nil {
		b.Error(err)
	}
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "logins/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(used.Microseconds())/float64(len(took)), "cpu-us/login")
	b.ReportMetric((used+own).Seconds()/b.Elapsed().Seconds(), "cores")
	b.ReportMetric(0, "ns/op")
}

// processorTime is what a process has used so far, or this one where it is nil.
func processorTime(b *testing.B, process *exec.Cmd) time.Duration {
	if process == nil {
		return processorTimeOf(b, "self")
	}
	return processorTimeOf(b, strconv.Itoa(process.Process.Pid))
}

// processorTimeOf takes a name in /proc; a process that has ended has used none.
func processorTimeOf(b *testing.B, who string) time.Duration {
	const tick = time.Second / 100 // of /proc, on all that Linux runs on
	status, err := os.ReadFile("/proc/" + who + "/stat")
	if os.IsNotExist(err) && who != "self" {
		return 0
	}
	if err != nil {
		b.Skip("there is no /proc to read the processor time from")
	}
	fields := bytes.Fields(status[bytes.LastIndexByte(status, ')')+1:])
	user, _ := strconv.Atoi(string(fields[11]))
	system, _ := strconv.Atoi(string(fields[12]))
	return time.Duration(user+system) * tick
}

// logins logs b.N users in and returns how long each had to wait.
func (l ldapLoad) logins(b *testing.B, address string) []time.Duration {
	const sockets, abreast = 8, 256
	var conns [sockets]*client.Conn
	for i := range conns {
		conn, err := client.Dial(b.Context(), client.Server{Address: address, Secret: []byte(testSecret)})
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn
	}
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range abreast {
		all.Go(func() {
			for n := int(next.Add(1)) - 1; n < b.N; n = int(next.Add(1)) - 1 {
				began := time.Now()
				if err := l.login(b, conns[i%sockets], n); err != nil {
					b.Errorf("user %d: %v", n, err)
				}
				took[n] = time.Since(began)
			}
		})
	}
	all.Wait()
	return took
}

// login makes one login, of one request or of two.
func (l ldapLoad) login(b *testing.B, conn *client.Conn, user int) error {
	login := client.Login{Conn: conn, User: fmt.Sprint("user", user), CallingStation: l.source(user)}
	password := []byte(directoryPassword)
	if l.mode == "challenge" {
		reply, err := login.Answer(b.Context(), password)
		if err != nil {
			return err
		}
		if reply.Code != client.Challenge {
			return fmt.Errorf("the password got %v", reply.Code)
		}
		password = nil
	}
	code, err := totp.Code(testKey, totp.Step(time.Now(), testKey.Period))
	if err != nil {
		return err
	}
	reply, err := login.Answer(b.Context(), append(password, code...))
	if err == nil && reply.Code != client.Accept {
		err = errors.New("the code got " + reply.Code.String())
	}
	return err
}
