package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

const pageHere = codeClient + `
[enroll]
listen = "127.0.0.1:0"
url = "http://localhost/2fa/"
`

// rewrite changes the configuration of a running daemon and reloads it.
func (d *running) rewrite(t *testing.T, changes ...string) (warnings string) {
	t.Helper()
	text, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.path, []byte(strings.NewReplacer(changes...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := d.reload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(said, "\n")
}

func TestPageIsServedAndListed(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, pageHere)
	response, err := http.Get("http://" + d.page.address() + "/2fa/")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(text), "username") {
		t.Errorf("%s, %v:\n%s", response.Status, err, text)
	}
	status, err := d.status(t.Context())
	if want := "enroll http " + d.page.address(); err != nil || !slices.Contains(status.Listeners, want) {
		t.Errorf("status lists %q, not %q, %v", status.Listeners, want, err)
	}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	if response, err := http.Get("http://" + d.page.address() + "/2fa/"); err == nil {
		response.Body.Close()
		t.Error("it is served after the daemon has stopped")
	}
}

func TestPageIsServedOverTLS(t *testing.T) {
	t.Parallel()
	certificate, key := writePair(t, t.TempDir(), "one")
	d := startDaemon(t, strings.Replace(pageHere, "http://localhost", "https://vpn.example.org", 1)+
		"certificate = \""+certificate+"\"\nkey = \""+key+"\"\n")
	if !strings.HasPrefix(d.page.listens(), "enroll https 127.0.0.1:") {
		t.Errorf("it %s", d.page.listens())
	}
	plain, err := http.Get("http://" + d.page.address() + "/2fa/")
	if err != nil {
		t.Fatal(err)
	}
	plain.Body.Close()
	if plain.StatusCode != http.StatusBadRequest {
		t.Errorf("plain HTTP: %s", plain.Status)
	}
}

// An address that is taken ends the start, and gives back what was opened.
func TestPageAddressTaken(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, pageHere)
	taken := strings.Replace(pageHere, "127.0.0.1:0\"\nurl", d.page.address()+"\"\nurl", 1)
	if _, err := tryDaemon(t, t.TempDir(), taken); err == nil || !strings.Contains(err.Error(), "enroll.listen") {
		t.Errorf("started: %v", err)
	}
}

// The rules of first use change at a reload; what the page was started with
// doesn't, nor what follows from it.
func TestReloadOfEnrollment(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, pageHere)
	said := d.rewrite(t, "[enroll]", `[enroll]
first_use = "web"
first_use_networks = ["10.0.0.0/8"]
enroll_within = "14d"
after_reset = "0s"
digits = 8
return = ["https://portal.example.org/"]`, "localhost/2fa", "localhost/other", `mode = "code"`, "mode = \"append\"")
	for _, key := range []string{"enroll.url has changed", "enroll.return has changed"} {
		if !strings.Contains(said, key) {
			t.Errorf("%s isn't said in %s", key, said)
		}
	}
	rules := d.current().Settings
	if first := rules.FirstUse; first.How != access.FirstUseWeb || len(first.Networks) != 1 || first.EnrollWithin != 14*day || first.AfterReset != 0 || first.Since.IsZero() || rules.NewDevices.Digits != 8 {
		t.Errorf("in force: %+v", rules)
	}
	if shown := d.current().Clients[0].Prompt.EnrollURL; shown != "http://localhost/2fa/" {
		t.Errorf("prompts show %s, where nothing is served yet", shown)
	}
}

// The address of a page that isn't there yet opens first use to nobody.
func TestReloadMakesNoPage(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	said := d.rewrite(t, "[radius]", "[enroll]\nurl = \"https://vpn.example.org/\"\nfirst_use = \"web\"\n[radius]")
	if how := d.current().Settings.FirstUse.How; how != "" || !strings.Contains(said, "enroll.url has changed and needs a restart") {
		t.Errorf("first use is %q, said %s", how, said)
	}
}

// A reset of a user arrives where the configuration says.
func TestNoticesArrive(t *testing.T) {
	t.Parallel()
	arrived := make(chan map[string]any, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var told map[string]any
		if err := json.NewDecoder(r.Body).Decode(&told); err != nil {
			t.Error(err)
		}
		if told["event"] == access.EventReset {
			arrived <- told
		}
	}))
	defer hook.Close()
	d := startDaemon(t, codeClient+"\n[notice.webhook]\nurl = \""+hook.URL+"\"\n")
	d.enroll(t, "alice")
	if err := d.accounts.Reset(t.Context(), store.Actor{Name: "test"}, "alice"); err != nil {
		t.Fatal(err)
	}
	select {
	case told := <-arrived:
		if told["user"] != "alice" {
			t.Errorf("told %v", told)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing arrived")
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		status, err := d.status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if status.Counters["notices_webhook_delivered"] > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("counted %v", status.Counters)
		}
	}
}
