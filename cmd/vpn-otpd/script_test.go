package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the stories run this program under its name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"vpn-otpd": func() {
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
		},
	})
}

// foreign are the programs that stories talk to, and Debian's packages of them.
var foreign = map[string]string{
	"radclient": "freeradius-utils",
	"pamtester": "pamtester",
	"oathtool":  "oathtool",
	"sqlite3":   "sqlite3",
	"sshd":      "openssh-server",
	"ssh":       "openssh-client",
	"chromium":  "chromium",
	"zbarimg":   "zbar-tools",
	"nginx":     "nginx",

	"slapd":          "slapd",
	"freeradius":     "freeradius",
	"setpriv":        "util-linux",
	"fail2ban-regex": "fail2ban",
}

// foreignFiles are files of packages that have no program.
var foreignFiles = map[string]struct{ pattern, name string }{
	"pam_radius":  {"/usr/lib/*/security/pam_radius_auth.so", "libpam-radius-auth"},
	"pam_radius2": {"/lib/*/security/pam_radius_auth.so", "libpam-radius-auth"},
	"pam_wrapper": {"/usr/lib/*/libpam_wrapper.so", "libpam-wrapper"},
}

// TestScripts runs the stories in testdata/script: the real daemon, driven by
// vpn-otpctl and by foreign clients.
func TestScripts(t *testing.T) {
	t.Parallel()
	tools := t.TempDir()
	build := exec.Command("go", "build", "-o", tools, "vpn-otpd/cmd/vpn-otpctl")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building vpn-otpctl: %v\n%s", err, output)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Values["test"] = env.T()
			env.Setenv("PATH", tools+":"+env.Getenv("PATH")+":/usr/sbin:/sbin")
			manual, err := filepath.Abs("../../packaging/man")
			if err != nil {
				return err
			}
			env.Setenv("MAN", manual)
			env.Setenv("SECRET", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
			env.Setenv("RADIUS_SECRET", "testing123-is-long")
			env.Setenv("VPN_OTPCTL_SOCKET", filepath.Join(env.WorkDir, "admin.sock"))
			filter, err := filepath.Abs("../../packaging/examples/fail2ban/filter.d/vpn-otpd.conf")
			if err != nil {
				return err
			}
			env.Setenv("FAIL2BAN_FILTER", filter)
			for variable, pattern := range map[string]string{"PAM_WRAPPER_SO": foreignFiles["pam_wrapper"].pattern, "PAM_RADIUS_SO": foreignFiles["pam_radius"].pattern} {
				if found, _ := filepath.Glob(pattern); len(found) > 0 {
					env.Setenv(variable, found[0])
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"needs":     needs,
			"waitready": waitReady,
			"waitlog":   waitLog,
			"totp":      totpInto,
			"capture":   capture,
			"signal":    sendSignal,
			"ask":       ask,
			"freeport":  freePort,

			"openticket": openTicket,
			"signin":     signIn,
		},
		RequireExplicitExec: true,
	})
}

// needs skips the story where a foreign program is missing; with CI=true that
// is a failure.
func needs(ts *testscript.TestScript, neg bool, names []string) {
	for _, name := range names {
		pkg, isProgram := foreign[name]
		found := false
		if isProgram {
			_, err := exec.LookPath(name)
			_, sbin := os.Stat("/usr/sbin/" + name)
			found = err == nil || sbin == nil
		} else if file, ok := foreignFiles[name]; ok {
			matches, _ := filepath.Glob(file.pattern)
			pkg, found = file.name, len(matches) > 0
		} else if name == "root" {
			pkg, found = "nothing, but run as root", os.Geteuid() == 0
		} else {
			ts.Fatalf("%s is in no list", name)
		}
		switch {
		case found:
		case os.Getenv("CI") == "true":
			ts.Fatalf("%s is missing: install %s", name, pkg)
		default:
			ts.Value("test").(testscript.T).Skip(fmt.Sprintf("%s is missing: install %s", name, pkg))
		}
	}
}

var radiusAddress = regexp.MustCompile(`msg=ready radius=(?:"([^"]+)"|(\S+))`)

// waitReady waits for the daemon whose log is in a file and sets RADIUS to the
// first address it answers on, and PORT to its port.
func waitReady(ts *testscript.TestScript, neg bool, arguments []string) {
	match := await(ts, arguments[0], radiusAddress, 30*time.Second)
	address := strings.Fields(match[1] + match[2])[0]
	ts.Setenv("RADIUS", address)
	ts.Setenv("PORT", address[strings.LastIndexByte(address, ':')+1:])
}

// waitLog waits until a file has a line that matches.
func waitLog(ts *testscript.TestScript, neg bool, arguments []string) {
	await(ts, arguments[0], regexp.MustCompile(arguments[1]), 30*time.Second)
}

func await(ts *testscript.TestScript, name string, pattern *regexp.Regexp, limit time.Duration) []string {
	path := ts.MkAbs(name)
	var content []byte
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		content, _ = os.ReadFile(path)
		if match := pattern.FindStringSubmatch(string(content)); match != nil {
			return match
		}
	}
	ts.Fatalf("%s has no line like %s:\n%s", name, pattern, content)
	return nil
}

// totpInto sets a variable to the code that oathtool shows now for $SECRET, or
// some seconds from now: totp CODE [SECONDS].
func totpInto(ts *testscript.TestScript, neg bool, arguments []string) {
	now := time.Now()
	if len(arguments) > 1 {
		offset, err := time.ParseDuration(arguments[1] + "s")
		ts.Check(err)
		now = now.Add(offset)
	}
	output, err := exec.Command("oathtool", "--totp", "--base32", "--now", now.UTC().Format("2006-01-02 15:04:05 UTC"), ts.Getenv("SECRET")).Output()
	ts.Check(err)
	ts.Setenv(arguments[0], strings.TrimSpace(string(output)))
}

// capture sets a variable to what a pattern finds in a file: capture NAME FILE PATTERN.
func capture(ts *testscript.TestScript, neg bool, arguments []string) {
	match := regexp.MustCompile("(?m)" + arguments[2]).FindStringSubmatch(ts.ReadFile(arguments[1]))
	if match == nil {
		ts.Fatalf("%s has nothing like %s", arguments[1], arguments[2])
	}
	ts.Setenv(arguments[0], match[len(match)-1])
}

// sendSignal sends a signal to the process whose number is in a file.
func sendSignal(ts *testscript.TestScript, neg bool, arguments []string) {
	signals := map[string]syscall.Signal{"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "INT": syscall.SIGINT}
	var pid int
	_, err := fmt.Sscan(ts.ReadFile(arguments[1]), &pid)
	ts.Check(err)
	ts.Check(syscall.Kill(pid, signals[arguments[0]]))
}

// ask sends one Access-Request with radclient from an address and says what
// must come back; a State in it goes to $STATE, what radclient printed to the
// file named reply:
//
//	ask [bare] Access-Accept|Access-Reject|Access-Challenge|nothing ADDRESS ATTRIBUTE=VALUE ...
//
// With bare, the request has no Message-Authenticator.
func ask(ts *testscript.TestScript, neg bool, arguments []string) {
	bare := arguments[0] == "bare"
	if bare {
		arguments = arguments[1:]
	}
	want, attributes := arguments[0], append([]string{"Packet-Src-IP-Address=" + arguments[1]}, arguments[2:]...)
	if !bare {
		attributes = append(attributes, "Message-Authenticator=0x00")
	}
	timeout := "10"
	if want == "nothing" {
		timeout = "1.7" // longer than a reject takes
	}
	radclient := exec.Command("radclient", "-x", "-r", "1", "-t", timeout, ts.Getenv("RADIUS"), "auth", ts.Getenv("RADIUS_SECRET"))
	for i, attribute := range attributes {
		if name, value, _ := strings.Cut(attribute, "="); strings.HasSuffix(value, "=") {
			attributes[i] = fmt.Sprintf("%s=%q", name, value)
		}
	}
	radclient.Stdin = strings.NewReader(strings.Join(attributes, ",") + "\n")
	output, _ := radclient.CombinedOutput() // its status tells accepts from all else
	ts.Check(os.WriteFile(ts.MkAbs("reply"), output, 0o600))
	got := "nothing"
	if match := regexp.MustCompile(`Received (\S+) Id`).FindSubmatch(output); match != nil {
		got = string(match[1])
	}
	if got != want {
		ts.Fatalf("got %s, want %s:\n%s", got, want, output)
	}
	if match := regexp.MustCompile(`State = (0x[0-9a-f]+)`).FindAllSubmatch(output, -1); match != nil {
		ts.Setenv("STATE", string(match[len(match)-1][1]))
	}
}

// freePort sets a variable to a TCP port on loopback that nobody has now.
func freePort(ts *testscript.TestScript, neg bool, arguments []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	ts.Check(err)
	ts.Setenv(arguments[0], port)
}
