package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vpn-otpd/radiusd/admin"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var alice = admin.User{
	Name: "alice", CreatedAt: noon, LocalPassword: true, Policy: "default", Enrolled: true, EverEnrolled: true,
	Lock:    admin.Lock{Locked: true, Until: noon.Add(time.Hour), Failures: 5, Level: 1},
	Devices: []admin.Device{{Label: "phone", Algorithm: "SHA1", Digits: 6, Period: 30, CreatedAt: noon}},

	RecoveryCodes: 8,
}

// daemon is what answers on the socket: by the wire alone, as any version would.
type daemon struct {
	socket  string
	mu      sync.Mutex
	asked   []string // method, path and body of each request
	answers map[string]any
}

// startDaemon answers each "METHOD /path" with its value, an admin.Problem by
// its kind, and everything else with 204.
func startDaemon(t *testing.T, answers map[string]any) *daemon {
	t.Helper()
	d := &daemon{socket: filepath.Join(t.TempDir(), "admin.sock"), answers: answers}
	listener, err := net.Listen("unix", d.socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: d}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return d
}

func (d *daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	route := r.Method + " " + r.URL.RequestURI()
	d.mu.Lock()
	d.asked = append(d.asked, strings.TrimSpace(route+" "+string(body)))
	d.mu.Unlock()
	answer, known := d.answers[route]
	if !known {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	switch raw := answer.(type) {
	case lines:
		w.Write(raw)
		return
	case octets:
		w.Header().Set("Content-Length", fmt.Sprint(len(raw)))
		io.WriteString(w, string(raw))
		return
	}
	if problem, refused := answer.(admin.Problem); refused {
		w.WriteHeader(map[string]int{admin.KindMissing: 404, admin.KindRule: 409, admin.KindFault: 500}[problem.Kind])
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// Answers that are sent as they are: lines, and octets with their length.
type (
	lines  json.RawMessage
	octets string
)

func (d *daemon) requests() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.asked, "\n")
}

// outcome is all that a run leaves behind.
type outcome struct {
	status         int
	stdout, stderr string
}

func (d *daemon) run(t *testing.T, stdin io.Reader, arguments ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), append([]string{"--socket", d.socket}, arguments...), stdin, &stdout, &stderr)
	return outcome{status, stdout.String(), stderr.String()}
}

func TestExitStatuses(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{
		"POST /v1/users/nobody/reset":  admin.Problem{Error: `no user "nobody"`, Kind: admin.KindMissing},
		"POST /v1/users/faulty/unlock": admin.Problem{Error: "its log says why", Kind: admin.KindFault},
		"POST /v1/reload":              admin.Problem{Error: "radius.listen: missing", Kind: admin.KindRule},
	})
	nowhere := &daemon{socket: filepath.Join(t.TempDir(), "none")}
	for _, test := range []struct {
		daemon *daemon
		line   string
		status int
		stderr string
	}{
		{d, "reset nobody", statusRefused, `no user "nobody"`},
		{d, "unlock faulty", statusRefused, "its log says why"},
		{d, "reload", statusRefused, "radius.listen: missing"},
		{nowhere, "status", statusUnreachable, "not reachable"},
		{nowhere, "reset alice", statusUnreachable, "not reachable"},
		{d, "", statusUsage, "needs a command"},
		{d, "bogus", statusUsage, `unknown command "bogus"`},
		{d, "user", statusUsage, "needs a command"},
		{d, "user bogus", statusUsage, `unknown command "bogus"`},
		{d, "user show", statusUsage, "NAME is missing"},
		{d, "user show a b", statusUsage, "one argument too many"},
		{d, "user list a", statusUsage, "one argument too many"},
		{d, "--bogus", statusUsage, "unknown flag"},
		{d, "code a --for soon", statusUsage, "soon"},
		{d, "invite", statusUsage, "NAME is missing"},
		{d, "invite a --for soon", statusUsage, "soon"},
		{nowhere, "invite a", statusUnreachable, "not reachable"},
		{d, "code a --uses many", statusUsage, "many"},
		{d, "policy a never", statusUsage, "never"},
		{d, "policy a", statusUsage, "missing"},
		{d, "device add a", statusUsage, "--secret"},
		{d, "device add a --secret S --secret-stdin", statusUsage, "--secret"},
		{d, "device add a --secret-stdin", statusUsage, "standard input is empty"},
		{d, "user add a --password-stdin", statusUsage, "standard input is empty"},
		{d, "user password a", statusUsage, "no terminal"},
		{d, "login a", statusUsage, "--server"},
		{d, "login a --server 127.0.0.1:1 --secret-file /none", statusUsage, "no such file"},
		{d, "login a --server 127.0.0.1:1 --secret-file -", statusUsage, "reading the secret"},
		{d, "reset alice", statusDone, ""},
		{d, "version", statusDone, ""},
		{d, "completion bash", statusDone, ""},
		{d, "--help", statusDone, ""},
	} {
		got := test.daemon.run(t, strings.NewReader(""), strings.Fields(test.line)...)
		if got.status != test.status || !strings.Contains(got.stderr, test.stderr) || (test.stderr == "") != (got.stderr == "") {
			t.Errorf("%q: status %d, stderr %q; want %d, %q", test.line, got.status, got.stderr, test.status, test.stderr)
		}
		if test.status != statusDone && got.stdout != "" {
			t.Errorf("%q: a failure prints %q", test.line, got.stdout)
		}
	}
}

func TestSocketOfTheEnvironment(t *testing.T) {
	d := startDaemon(t, nil)
	t.Setenv("VPN_OTPCTL_SOCKET", d.socket)
	if status := run(t.Context(), []string{"reset", "alice"}, strings.NewReader(""), io.Discard, io.Discard); status != statusDone {
		t.Errorf("status %d", status)
	}
}

// A code that could not be printed must not look like one that was.
func TestFullOutput(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{"POST /v1/users/alice/recovery": admin.RecoveryCodes{Codes: []string{"one"}},
		"GET /v1/users/alice": admin.User{}, "POST /v1/users/alice/code": admin.TemporaryCode{}, "POST /v1/users/alice/invite": admin.Invitation{}})
	for _, line := range []string{"recovery alice", "code alice", "invite alice", "--json recovery alice", "unlock alice"} {
		status := run(t.Context(), append([]string{"--socket", d.socket}, strings.Fields(line)...), strings.NewReader(""), full{}, io.Discard)
		if status != statusRefused {
			t.Errorf("%s: status %d", line, status)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, fmt.Errorf("no space left on device") }
