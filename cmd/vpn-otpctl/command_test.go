package main

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"vpn-otpd/radiusd/admin"
)

// What each command asks of the daemon, and what it prints.
func TestCommands(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{
		"POST /v1/users":                admin.AddedUser{Name: "alice"},
		"GET /v1/users/alice":           alice,
		"POST /v1/users/alice/devices":  alice.Devices[0],
		"POST /v1/users/alice/code":     admin.TemporaryCode{Code: "abcde-fghij", ExpiresAt: noon},
		"POST /v1/users/alice/recovery": admin.RecoveryCodes{Codes: []string{"abcde-fghij", "klmno-pqrst"}},
		"POST /v1/users/alice/invite":   admin.Invitation{Address: "https://vpn.example.org/2fa/K7QM-4XHT", ExpiresAt: noon},
		"POST /v1/users/alice/forget":   admin.Forgotten{Logins: 2},
		"POST /v1/reload":               admin.Reloaded{Warnings: []string{"radius.listen needs a restart"}},
	})
	for _, test := range []struct{ line, stdin, asked, stdout string }{
		{"user add Alice", "", `POST /v1/users {"name":"Alice"}`, "added user alice\n"},
		{"user add Alice --password-stdin", " pass word \r\nsecond\n", `POST /v1/users {"name":"Alice","password":" pass word "}`, "added user alice\n"},
		{"user password alice --password-stdin", "x", `PUT /v1/users/alice/password {"password":"x"}`, "the password of alice is set\n"},
		{"user disable a/b", "", `PUT /v1/users/a%2Fb/disabled {"disabled":true}`, "a/b is disabled\n"},
		{"user enable alice", "", `PUT /v1/users/alice/disabled {"disabled":false}`, "alice is enabled\n"},
		{"user delete alice", "", `DELETE /v1/users/alice`, "deleted user alice\n"},
		{"device add alice --secret-stdin --label l --algorithm SHA256 --digits 8 --period 60", "SEED\n",
			`POST /v1/users/alice/devices {"label":"l","secret":"SEED","algorithm":"SHA256","digits":8,"period":60}`, "enrolled device \"phone\" of alice\n"},
		{"device add alice --secret SEED", "", `POST /v1/users/alice/devices {"secret":"SEED"}`, "enrolled device \"phone\" of alice\n"},
		{"device list alice", "", `GET /v1/users/alice`,
			"DEVICE  SINCE             LAST USED  KIND\nphone   " + when(noon) + "  never      SHA1, 6 digits, 30 s\n"},
		{"device remove alice phone", "", `DELETE /v1/users/alice/devices/phone`, "removed device \"phone\" of alice\n"},
		{"reset alice", "", `POST /v1/users/alice/reset`, "the enrollment of alice is removed\n"},
		{"unlock alice", "", `POST /v1/users/alice/unlock`, "alice is unlocked\n"},
		{"code alice", "", `POST /v1/users/alice/code {"valid_seconds":86400,"uses":1}`, "abcde-fghij\nfor alice until " + when(noon) + ", once\n"},
		{"code alice --for 90m --uses 3", "", `POST /v1/users/alice/code {"valid_seconds":5400,"uses":3}`, "abcde-fghij\nfor alice until " + when(noon) + ", 3 times\n"},
		{"invite alice", "", `POST /v1/users/alice/invite {"valid_seconds":86400}`, "https://vpn.example.org/2fa/K7QM-4XHT\nfor alice until " + when(noon) + "\n"},
		{"invite alice --for 90m", "", `POST /v1/users/alice/invite {"valid_seconds":5400}`, "https://vpn.example.org/2fa/K7QM-4XHT\nfor alice until " + when(noon) + "\n"},
		{"recovery alice", "", `POST /v1/users/alice/recovery`, "abcde-fghij\nklmno-pqrst\n"},
		{"policy alice required --reason board", "", `PUT /v1/users/alice/policy {"policy":"required","reason":"board"}`, "the policy of alice is required\n"},
		{"policy alice exempt", "", `PUT /v1/users/alice/policy {"policy":"exempt"}`, "the policy of alice is exempt\n"},
		{"forget alice", "", `POST /v1/users/alice/forget`, "forgot the remembered logins of alice: 2\n"},
		{"reload", "", `POST /v1/reload`, "warning: radius.listen needs a restart\nreloaded\n"},
	} {
		got := d.run(t, strings.NewReader(test.stdin), strings.Fields(test.line)...)
		asked := d.requests()
		if got.status != statusDone || got.stdout != test.stdout || got.stderr != "" || asked[strings.LastIndex(asked, "\n")+1:] != test.asked {
			t.Errorf("%s: %+v\nwant %q\nasked %s\nwant  %s", test.line, got, test.stdout, asked[strings.LastIndex(asked, "\n")+1:], test.asked)
		}
	}
}

func TestUserShow(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{"GET /v1/users/alice": alice})
	got := d.run(t, strings.NewReader(""), "user", "show", "alice").stdout
	for _, want := range []string{"alice\n", "locked\n", alice.Lock.Until.Local().Format("15:04:05"), "recovery codes     8 left", "phone ", "local password     yes", "wrong codes        5", "remembered logins  0"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

// TestUserListStreams: a hundred thousand users, and never more than a page of
// them in memory.
func TestUserListStreams(t *testing.T) {
	const pages = 100
	answers := make(map[string]any, pages)
	for p := range pages {
		page := admin.List{Users: make([]admin.ListedUser, admin.MaxPage)}
		for i := range page.Users {
			page.Users[i] = admin.ListedUser{Name: fmt.Sprintf("user%06d", p*admin.MaxPage+i), Policy: "default"}
		}
		route := "GET /v1/list?limit=1000"
		if p > 0 {
			route = fmt.Sprintf("GET /v1/list?after=user%06d&limit=1000", p*admin.MaxPage-1)
		}
		if p < pages-1 {
			page.Next = page.Users[admin.MaxPage-1].Name
		}
		answers[route] = page
	}
	d := startDaemon(t, answers)
	out := &lineCounter{daemon: d}
	if status := run(t.Context(), []string{"--socket", d.socket, "user", "list"}, strings.NewReader(""), out, io.Discard); status != statusDone {
		t.Fatalf("status %d", status)
	}
	if out.lines != pages*admin.MaxPage+1 || !strings.Contains(out.end, "\nuser099999 ") {
		t.Errorf("%d lines, the last is %q", out.lines, out.end)
	}
	if out.pagesAhead > 1 {
		t.Errorf("%d pages were held back", out.pagesAhead)
	}
}

// lineCounter counts what is written, and how many pages were asked for that
// weren't written yet.
type lineCounter struct {
	daemon            *daemon
	lines, pagesAhead int
	end               string
}

func (l *lineCounter) Write(octets []byte) (int, error) {
	if l.lines%admin.MaxPage == 0 {
		l.pagesAhead = max(l.pagesAhead, strings.Count(l.daemon.requests(), "\n")+1-l.lines/admin.MaxPage)
	}
	l.lines += strings.Count(string(octets), "\n")
	l.end += string(octets)
	l.end = l.end[max(0, len(l.end)-200):]
	return len(octets), nil
}

func TestStatusTable(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{"GET /v1/status": admin.Status{
		Version: "v1.2", Policy: "enforced", StartedAt: noon, ExemptUsers: []string{"robot"},
		Exemptions: []admin.Exemption{{User: "robot", Reason: "no hands", Until: noon}, {Rule: "guests"}}, Listeners: []string{"radius udp 127.0.0.1:1812"},
		Store: admin.StoreStatus{Driver: "sqlite", Path: "/db", SchemaVersion: 3, Error: "disk full"},
		Clients: []admin.ClientStatus{
			{Name: "vpn1", Mode: "challenge", Networks: []string{"192.0.2.1/32"}, Requests: 7, WithoutMessageAuthenticator: 2},
			{Name: "vpn2", Mode: "code", Requests: 7}},
		Counters: map[string]uint64{"dropped_unknown_client": 12},
	}})
	got := d.run(t, strings.NewReader(""), "status").stdout
	for _, want := range []string{"v1.2", "enforced", "NOT HEALTHY: disk full", "robot, until " + when(noon) + ": no hands", "rule guests, for good: no reason was given", "radius udp 127.0.0.1:1812", "missing in 2", "require it", "192.0.2.1/32", "dropped unknown client", "12"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}
