package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

// leaves are the commands that do something, by their line.
func leaves(c *cobra.Command) map[string]*cobra.Command {
	found := make(map[string]*cobra.Command)
	for _, child := range c.Commands() {
		maps.Copy(found, leaves(child))
	}
	if len(found) == 0 || c.Args != nil && c.HasParent() {
		found[strings.TrimPrefix(c.CommandPath(), "vpn-otpctl ")] = c
	}
	return found
}

// Each command says what it is for, shows an example that it would understand,
// and knows its arguments.
func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	root := (&tool{}).command()
	for line, c := range leaves(root) {
		if c.Short == "" || c.Args == nil || c.RunE == nil {
			t.Errorf("%s: short %q, arguments %v", line, c.Short, c.Args != nil)
		}
		if !strings.Contains(c.Example, "vpn-otpctl ") {
			t.Errorf("%s has no example", line)
		}
		for _, example := range strings.Split(c.Example, "\n") {
			checkExample(t, c, example)
		}
	}
	for _, group := range root.Commands() {
		if group.Short == "" || group.Example == "" {
			t.Errorf("%s has no help", group.CommandPath())
		}
	}
}

// checkExample has the tool understand the words of an example, but for what is
// the shell's.
func checkExample(t *testing.T, c *cobra.Command, example string) {
	t.Helper()
	_, words, _ := strings.Cut(example, "vpn-otpctl ")
	words, _, _ = strings.Cut(words, " <")
	words, _, _ = strings.Cut(words, " >")
	found, rest, err := (&tool{}).command().Find(strings.Fields(words))
	if err != nil || found.CommandPath() != c.CommandPath() {
		t.Errorf("%q is an example of %s: %v", example, found.CommandPath(), err)
		return
	}
	if err := found.ParseFlags(rest); err != nil {
		t.Errorf("%q: %v", example, err)
		return
	}
	if err := found.Args(found, found.Flags().Args()); err != nil {
		t.Errorf("%q: %v", example, err)
	}
}

var record = admin.Record{Node: "vpn1.example.org", Seq: 7, At: noon, Decision: "d1", Event: "login", Reason: "code_wrong", User: "alice",
	Client: "vpn1", CallingStation: "192.0.2.7", Detail: "verdict=reject clock=off"}

var explanation = admin.Explanation{Decision: "x1", User: "alice", Client: "vpn1", Verdict: "challenge", Reason: "code_needed",
	Rules:    []admin.Rule{{Name: "policy", Found: "required", Detail: "by the global policy"}},
	WithCode: &admin.Outcome{Verdict: "accept", Reason: "totp_accepted"},
	Records:  []admin.Record{record, {Node: "n", Seq: 6, At: noon, Event: "reset", User: "alice", Actor: &admin.Actor{UID: 1042, Name: "helen"}}},
	Refusals: []admin.RefusalRate{{Minute: noon, Reason: "password_wrong", Client: "vpn1", Source: "192.0.2.0/24", Count: 4}},
}

var dueBob = admin.DueUser{Name: "bob", RequiredBy: "the global policy", Since: noon, Deadline: noon, Late: true, Closed: "deadline"}

var answers = map[string]any{
	"POST /v1/users":                         admin.AddedUser{Name: "alice"},
	"GET /v1/users/alice":                    alice,
	"GET /v1/users?limit=1000":               admin.UserPage{Users: []admin.User{alice, {Name: "bob", Devices: []admin.Device{}}}},
	"POST /v1/users/alice/devices":           alice.Devices[0],
	"POST /v1/users/alice/code":              admin.TemporaryCode{Code: "abcde-fghij", ExpiresAt: noon},
	"POST /v1/users/alice/recovery":          admin.RecoveryCodes{Codes: []string{"abcde-fghij"}},
	"POST /v1/users/alice/invite":            admin.Invitation{Address: "https://vpn.example.org/2fa/K7QM-4XHT", ExpiresAt: noon},
	"GET /v1/users/alice/explain?":           explanation,
	"GET /v1/log?limit=100":                  admin.LogPage{Records: []admin.Record{record, record}, Next: "place"},
	"GET /v1/log/verify?":                    admin.VerifyLine{Done: true, Chains: []admin.Chain{{Node: "n", First: 1, Last: 7, Head: "7:00", HeadAt: noon}}},
	"GET /v1/sessions?limit=1000":            admin.SessionPage{Sessions: []admin.Session{session, session}},
	"GET /v1/rollout?limit=1000":             admin.Rollout{Due: []admin.DueUser{dueBob}},
	"GET /v1/users/alice/remembered":         admin.RememberedLogins{Logins: []admin.RememberedLogin{{Client: "vpn1", Since: noon, Until: noon}}},
	"POST /v1/users/alice/forget":            admin.Forgotten{Logins: 1},
	"GET /v1/status":                         admin.Status{Version: "v1", Counters: map[string]uint64{"a": 1}},
	"POST /v1/reload":                        admin.Reloaded{Warnings: []string{}},
	"GET /v1/users/alice/explain?client=vpn": admin.Problem{Error: "no such client", Kind: admin.KindMissing},
}

// ownTests are commands whose output has tests of its own.
var ownTests = map[string]bool{"login": true, "import": true, "export": true, "backup": true}

// TestJSON: what each command prints with --json is one of the documented types,
// line by line where it says so, and nothing else. A command without an answer
// prints nothing.
func TestJSON(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, answers)
	lines := map[string]struct {
		arguments string
		want      any  // nil: nothing is printed
		lines     bool // one JSON object a line
	}{
		"user add":      {"alice", answers["POST /v1/users"], false},
		"user list":     {"", alice, true},
		"user show":     {"alice", alice, false},
		"user password": {"alice --password-stdin", nil, false},
		"user disable":  {"alice", nil, false},
		"user enable":   {"alice", nil, false},
		"user delete":   {"alice", nil, false},
		"device add":    {"alice --secret S", alice.Devices[0], false},
		"device list":   {"alice", alice.Devices, false},
		"device remove": {"alice phone", nil, false},
		"reset":         {"alice", nil, false},
		"unlock":        {"alice", nil, false},
		"invite":        {"alice", answers["POST /v1/users/alice/invite"], false},
		"code":          {"alice", answers["POST /v1/users/alice/code"], false},
		"recovery":      {"alice", answers["POST /v1/users/alice/recovery"], false},
		"policy":        {"alice required", nil, false},
		"rollout":       {"", dueBob, true},
		"remembered":    {"alice", answers["GET /v1/users/alice/remembered"], false},
		"forget":        {"alice", answers["POST /v1/users/alice/forget"], false},
		"explain":       {"alice", explanation, false},
		"log":           {"", record, true},
		"log verify":    {"", answers["GET /v1/log/verify?"].(admin.VerifyLine).Chains, false},
		"sessions":      {"", session, true},
		"status":        {"", answers["GET /v1/status"], false},
		"reload":        {"", answers["POST /v1/reload"], false},
		"version":       {"", map[string]string{"version": version}, false},
	}
	for name := range leaves((&tool{}).command()) {
		if _, tested := lines[name]; !tested && !ownTests[strings.Fields(name)[0]] {
			t.Errorf("what %s prints isn't tested", name)
		}
	}
	for name, test := range lines {
		got := d.run(t, strings.NewReader("x\n"), append([]string{"--json"}, strings.Fields(name+" "+test.arguments)...)...)
		if got.status != statusDone || got.stderr != "" {
			t.Errorf("%s: %+v", name, got)
		}
		if test.want == nil {
			if got.stdout != "" {
				t.Errorf("%s prints %q", name, got.stdout)
			}
			continue
		}
		checkJSON(t, name, got.stdout, test.want, test.lines)
	}
}

// checkJSON reads the first value back, and makes sure of what follows it.
func checkJSON(t *testing.T, name, printed string, want any, lines bool) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(printed))
	decoder.DisallowUnknownFields()
	value := reflect.New(reflect.TypeOf(want))
	if err := decoder.Decode(value.Interface()); err != nil {
		t.Errorf("%s: %v: %s", name, err, printed)
		return
	}
	again, _ := json.Marshal(value.Elem().Interface())
	if wanted, _ := json.Marshal(want); !bytes.Equal(again, wanted) {
		t.Errorf("%s: %s, want %s", name, again, wanted)
	}
	if ends := strings.Count(printed, "\n"); lines && (ends != 2 || !strings.HasSuffix(printed, "\n")) {
		t.Errorf("%s: %d lines: %s", name, ends, printed)
	}
	if _, err := decoder.Token(); lines == (err == io.EOF) {
		t.Errorf("%s: more than one value, or less than two: %s", name, printed)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{
		"GET /v1/users/al":                    admin.Problem{Error: "no", Kind: admin.KindMissing},
		"GET /v1/users/alice":                 alice,
		"GET /v1/users?after=al&limit=100":    admin.UserPage{Users: []admin.User{{Name: "alice"}, {Name: "alina"}, {Name: "a\tb"}, {Name: "bob"}}},
		"GET /v1/users?after=alice&limit=100": admin.UserPage{Users: []admin.User{{Name: "alina"}}},
		"GET /v1/users?limit=100":             admin.UserPage{Users: []admin.User{{Name: "alice"}, {Name: "bob"}}},
		"GET /v1/status":                      admin.Status{Clients: []admin.ClientStatus{{Name: "vpn1"}, {Name: "portal"}}},
	})
	nowhere := &daemon{socket: t.TempDir() + "/none"}
	for _, test := range []struct {
		daemon *daemon
		words  []string
		want   string
	}{
		{d, []string{"reset", "al"}, "alice alina"},
		{d, []string{"reset", "alice"}, "alice"},
		{d, []string{"reset", ""}, "alice bob"},
		{d, []string{"reset", "alice", ""}, ""},
		{d, []string{"user", "show", "al"}, "alice alina"},
		{d, []string{"user", "add", "al"}, ""},
		{d, []string{"device", "remove", "alice", ""}, "phone"},
		{d, []string{"policy", "alice", "e"}, "exempt"},
		{d, []string{"explain", "alice", "--client", "v"}, "vpn1"},
		{d, []string{"log", "--client", ""}, "vpn1 portal"},
		{d, []string{"log", "--user", "al"}, "alice alina"},
		{d, []string{"sessions", "--user", "al"}, "alice alina"},
		{d, []string{"sessions", "--client", ""}, "vpn1 portal"},
		{d, []string{"log", "--reason", "code_w"}, "code_wrong"},
		{nowhere, []string{"reset", "al"}, ""},
		{nowhere, []string{"log", "--client", ""}, ""},
	} {
		got := test.daemon.run(t, strings.NewReader(""), append([]string{"__complete"}, test.words...)...)
		if words := strings.Fields(strings.Split(got.stdout, ":4\n")[0]); strings.Join(words, " ") != test.want || got.status != statusDone {
			t.Errorf("%v: %q, want %q", test.words, got.stdout, test.want)
		}
		if strings.Contains(got.stderr, "reachable") {
			t.Errorf("%v: %s", test.words, got.stderr)
		}
	}
}

// The shells understand what is made for them.
func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		var script bytes.Buffer
		if status := run(t.Context(), []string{"completion", shell}, strings.NewReader(""), &script, io.Discard); status != statusDone || !strings.Contains(script.String(), "vpn-otpctl") {
			t.Errorf("%s: status %d", shell, status)
		}
		if _, err := exec.LookPath(shell); err != nil {
			t.Logf("%s isn't here to read it", shell)
			continue
		}
		check := exec.Command(shell, "-n")
		check.Stdin = &script
		if output, err := check.CombinedOutput(); err != nil || len(output) > 0 {
			t.Errorf("%s: %v: %s", shell, err, output)
		}
	}
}

// Every reason of the gate has its words.
func TestReasonsInWords(t *testing.T) {
	t.Parallel()
	reasons := reasonsOfTheGate(t)
	if known := slices.Sorted(maps.Keys(reasonWords)); !slices.Equal(reasons, known) {
		t.Errorf("the gate's reasons\n%v\nhave words\n%v", reasons, known)
	}
}
