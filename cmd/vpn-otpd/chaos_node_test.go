package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// node is a daemon that is a process, with an address that it comes back to.
type node struct {
	program, folder, address string
	mutex                    sync.Mutex
	process                  *exec.Cmd
	ended                    chan struct{} // closed when the process has
}

const nodeConfiguration = `
node = "node%d"
require_two_factor = true
two_factor_methods = ["totp"]
[store]
driver = "postgres"
url = %q
key_file = %q
[admin]
socket = "admin.sock"
[radius]
listen = [%q]
[[radius.client]]
name = "vpn1"
networks = ["127.0.0.1/32"]
secret = "` + testSecret + `"
mode = "code"
[[radius.client]]
name = "vpn2"
networks = ["127.0.0.2/32"]
secret = "` + testSecret + `"
mode = "challenge"
[password]
order = ["radius"]
[[password.radius.server]]
address = %q
secret = "` + testSecret + `"
`

func startNode(t testing.TB, number int, program, url, key, upstream string) *node {
	t.Helper()
	n := &node{program: program, folder: t.TempDir(), address: freeUDPAddress(t)}
	configuration := fmt.Sprintf(nodeConfiguration, number, url, key, n.address, upstream)
	if err := os.WriteFile(filepath.Join(n.folder, "vpn-otpd.toml"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	n.start(t)
	t.Cleanup(func() {
		n.stop()
		if t.Failed() {
			log, _ := os.ReadFile(n.log())
			t.Logf("the end of node%d's log:\n%s", number, log[max(0, len(log)-4000):])
		}
	})
	return n
}

func (n *node) log() string { return filepath.Join(n.folder, "log") }

// start starts it until it is ready, also where the database is away at first.
func (n *node) start(t testing.TB) {
	t.Helper()
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for range 20 {
		log, err := os.OpenFile(n.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		begin, _ := log.Seek(0, 2)
		n.process = exec.Command(n.program, "serve", "--config", filepath.Join(n.folder, "vpn-otpd.toml"))
		n.process.Stderr = log
		if err := n.process.Start(); err != nil {
			t.Fatal(err)
		}
		log.Close()
		n.ended = make(chan struct{})
		go func(process *exec.Cmd, ended chan struct{}) {
			process.Wait()
			close(ended)
		}(n.process, n.ended)
		if n.ready(begin) {
			return
		}
	}
	t.Error("a node didn't start again")
}

func (n *node) ready(begin int64) bool {
	for range 500 {
		select {
		case <-n.ended:
			return false
		case <-time.After(20 * time.Millisecond):
		}
		if log, err := os.ReadFile(n.log()); err == nil && strings.Contains(string(log[begin:]), "msg=ready") {
			return true
		}
	}
	return false
}

// kill ends it as kill -9 does, stop as an administrator does.
func (n *node) kill() { n.end(syscall.SIGKILL) }
func (n *node) stop() { n.end(syscall.SIGTERM) }

func (n *node) end(signal syscall.Signal) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.process.Process.Signal(signal)
	<-n.ended
}
