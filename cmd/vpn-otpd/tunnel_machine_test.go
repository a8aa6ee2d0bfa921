package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// machine is network, processes and mounts of its own on this one's files. They
// all end with the process that holds them, and that one with this test's.
type machine struct {
	t      *testing.T
	holder *exec.Cmd
	folder string
}

// newMachine makes one whose /etc has these files above this machine's, and
// whose /run is empty. Nobody writes to this machine's /etc through it.
func newMachine(t *testing.T, etc map[string][]byte) *machine {
	t.Helper()
	m := &machine{t: t, folder: t.TempDir()}
	for name, content := range etc {
		m.write(filepath.Join("etc", name), content)
	}
	m.write("etc/hosts", []byte("127.0.0.1 localhost\n198.51.100.1 vpn.example.org\n"))
	m.holder = exec.Command("sh", "-ec", `mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs run /run
mount -t overlay etc -o "lowerdir=$1/etc:/etc" /etc
ip link set lo up
echo ready
exec cat`, "sh", m.folder)
	m.holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	log := new(processLog)
	m.holder.Stderr = log
	hold, err := m.holder.StdinPipe() // cat ends when its other end is closed
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.holder.Start(); err != nil {
		t.Skipf("no namespaces here: %v", err)
	}
	t.Cleanup(func() {
		hold.Close()
		m.holder.Process.Kill()
		m.holder.Wait()
	})
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Fatalf("making a machine: %v\n%s", err, log)
	}
	return m
}

// write makes a file in the machine's folder, which all see under its own name.
func (m *machine) write(name string, content []byte) string {
	m.t.Helper()
	path := filepath.Join(m.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, fs.FileMode(0o600)); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// command is one on the machine, in its folder.
func (m *machine) command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	enter := []string{"--target", strconv.Itoa(m.holder.Process.Pid), "--net", "--mount", "--pid", "sh", "-c", `cd "$1" && shift && exec "$@"`, "sh", m.folder, name}
	return exec.CommandContext(ctx, "nsenter", append(enter, arguments...)...)
}

// run runs one to its end, which must be a good one.
func (m *machine) run(name string, arguments ...string) string {
	m.t.Helper()
	output, err := m.try(name, arguments...)
	if err != nil {
		m.t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, output)
	}
	return output
}

func (m *machine) try(name string, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(m.t.Context(), 20*time.Second)
	defer cancel()
	output, err := m.command(ctx, name, arguments...).CombinedOutput()
	return string(output), err
}

// start starts one that goes on. What it writes is told when the test fails.
func (m *machine) start(input string, name string, arguments ...string) *processLog {
	m.t.Helper()
	log := new(processLog)
	cmd := m.command(context.Background(), name, arguments...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewBufferString(input), log, log
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { // before the machine's own, which ends what nsenter began
		m.holder.Process.Kill()
		cmd.Wait()
		if m.t.Failed() {
			m.t.Logf("-- %s\n%s", filepath.Base(name), log)
		}
	})
	return log
}

// wire is a cable between two machines with an address at either end.
func wire(a *machine, addressA string, b *machine, addressB string) {
	a.t.Helper()
	device := "wire" + addressA[:strings.IndexByte(addressA, '.')]
	// Without --mount and --pid: the number of b's holder is this machine's.
	join := exec.Command("nsenter", "--target", strconv.Itoa(a.holder.Process.Pid), "--net",
		"ip", "link", "add", device, "type", "veth", "peer", "name", device, "netns", strconv.Itoa(b.holder.Process.Pid))
	if output, err := join.CombinedOutput(); err != nil {
		a.t.Skipf("no cables here: %v\n%s", err, output)
	}
	for _, end := range []struct {
		*machine
		address string
	}{{a, addressA}, {b, addressB}} {
		end.run("ip", "address", "add", end.address+"/24", "dev", device)
		end.run("ip", "link", "set", device, "up")
	}
}

// pings reaches an address before the time is over.
func (m *machine) pings(address string, within time.Duration) error {
	var output string
	err := fmt.Errorf("never tried")
	for end := time.Now().Add(within); err != nil && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		output, err = m.try("ping", "-c", "1", "-W", "1", address)
	}
	if err != nil {
		return fmt.Errorf("%s isn't reached: %w\n%s", address, err, output)
	}
	return nil
}

// waitsFor is what a process must write before the time is over.
func (m *machine) waitsFor(log *processLog, within time.Duration, any ...string) string {
	m.t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for _, text := range any {
			if strings.Contains(log.String(), text) {
				return text
			}
		}
	}
	m.t.Fatalf("never wrote %q:\n%s", any, log)
	return ""
}
