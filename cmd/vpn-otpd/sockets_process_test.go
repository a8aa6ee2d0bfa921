package main

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/admin"
	"vpn-otpd/radiusd/client"
)

// processLog is what a process writes.
type processLog struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *processLog) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *processLog) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// process is this program as systemd starts it.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	log *processLog
}

// activate starts it with sockets, under these names.
func activate(t *testing.T, configuration string, names []string, files []*os.File) *process {
	t.Helper()
	log := new(processLog)
	cmd := exec.Command("sh", "-c", "LISTEN_PID=$$ exec vpn-otpd serve --config "+configuration)
	cmd.Env = append(os.Environ(), "LISTEN_FDS="+strconv.Itoa(len(files)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	cmd.ExtraFiles, cmd.Stderr = files, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return &process{t, cmd, log}
}

var readyLine = regexp.MustCompile(`msg=ready .*`)

func (p *process) ready() string {
	p.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if line := readyLine.FindString(p.log.String()); line != "" {
			return line
		}
	}
	p.t.Fatalf("not ready:\n%s", p.log)
	return ""
}

func (p *process) end(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	return p.cmd.Wait()
}

// activatedSockets are a configuration whose own addresses can't be opened, and sockets.
func activatedSockets(t *testing.T) (configuration string, conn *net.UDPConn, page, control net.Listener, files []*os.File) {
	t.Helper()
	folder := t.TempDir()
	configuration = filepath.Join(folder, "vpn-otpd.toml")
	text := strings.Replace(codeClient, "127.0.0.1:0", "192.0.2.1:1", 1) + `
[enroll]
url = "https://vpn.example.org/2fa/"
[store]
path = "vpn-otpd.sqlite"
key_file = "key/store.key"
[admin]
socket = "nowhere/admin.sock"
`
	if err := os.WriteFile(configuration, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	var errPage, errControl error
	page, errPage = net.Listen("tcp", "127.0.0.1:0")
	control, errControl = net.Listen("unix", filepath.Join(folder, "a"))
	if err := errors.Join(err, errPage, errControl); err != nil {
		t.Fatal(err)
	}
	for _, socket := range []any{conn, page, control} {
		file, err := socket.(passable).File()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
		t.Cleanup(func() { file.Close(); socket.(interface{ Close() error }).Close() })
	}
	return configuration, conn, page, control, files
}

// Sockets that were passed take the place of what the configuration says, and
// what is asked while the daemon is restarted is answered after it.
func TestActivated(t *testing.T) {
	t.Parallel()
	configuration, conn, page, control, files := activatedSockets(t)
	names := []string{"radius", "enroll", "admin"}
	first := activate(t, configuration, names, files)
	line := first.ready()
	for _, address := range []net.Addr{conn.LocalAddr(), page.Addr(), control.Addr()} {
		if !strings.Contains(line, "="+address.String()) {
			t.Errorf("%s is not in %s", address, line)
		}
	}
	if status, err := admin.NewClient(control.Addr().String()).Status(t.Context()); err != nil || !strings.Contains(strings.Join(status.Listeners, " "), page.Addr().String()) {
		t.Errorf("the status on the socket: %+v, %v", status, err)
	}
	response, err := http.Get("http://" + page.Addr().String() + "/2fa/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if err := first.end(syscall.SIGTERM); err != nil {
		t.Fatalf("it ended with %v:\n%s", err, first.log)
	}
	answer := make(chan error, 1)
	go func() {
		_, err := client.Exchange(t.Context(), client.Server{Address: conn.LocalAddr().String(), Secret: []byte(testSecret),
			Retransmission: client.Retransmission{First: 25 * time.Second, Count: 1}}, client.Request{Code: radius.CodeStatusServer})
		answer <- err
	}()
	select { // nobody is there
	case err := <-answer:
		t.Fatalf("answered by nobody: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	second := activate(t, configuration, names, files)
	second.ready()
	if err := <-answer; err != nil {
		t.Errorf("the packet is lost: %v", err)
	}
	if err := second.end(syscall.SIGTERM); err != nil {
		t.Errorf("%v:\n%s", err, second.log)
	}
}

// A socket of a name that nothing has is named, with the status after which
// systemd doesn't restart.
func TestActivatedByAnotherName(t *testing.T) {
	t.Parallel()
	configuration, _, _, _, files := activatedSockets(t)
	p := activate(t, configuration, []string{"radius", "web", "admin"}, files)
	var status *exec.ExitError
	if err := p.cmd.Wait(); !errors.As(err, &status) || status.ExitCode() != statusConfig || !strings.Contains(p.log.String(), "web: FileDescriptorName= is none of") {
		t.Errorf("%v:\n%s", err, p.log)
	}
}

// A watchdog's SIGABRT ends it by that signal: Go's own exit status would be
// that of a wrong configuration, and systemd wouldn't restart it.
func TestAbortIsNoWrongConfiguration(t *testing.T) {
	t.Parallel()
	configuration, _, _, _, files := activatedSockets(t)
	p := activate(t, configuration, []string{"radius", "enroll", "admin"}, files)
	p.ready()
	err := p.end(syscall.SIGABRT)
	var status *exec.ExitError
	if !errors.As(err, &status) || status.Sys().(syscall.WaitStatus).Signal() != syscall.SIGABRT {
		t.Errorf("it ended with %v", err)
	}
	if !strings.Contains(p.log.String(), "goroutine ") {
		t.Error("it doesn't say where it hung")
	}
}
