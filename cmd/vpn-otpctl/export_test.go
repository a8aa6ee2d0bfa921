package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vpn-otpd/radiusd/admin"
)

// rawLines are the lines of an answer.
func rawLines(t *testing.T, lines ...admin.ExportLine) json.RawMessage {
	t.Helper()
	var all []byte
	for _, line := range lines {
		octets, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, octets...), '\n')
	}
	return all
}

func TestExport(t *testing.T) {
	t.Parallel()
	phone := admin.ExportLine{User: "a:b", Device: "phone", URI: "otpauth://totp/x", Note: "another name"}
	d := startDaemon(t, map[string]any{
		"POST /v1/export?":            lines(rawLines(t, phone, phone, admin.ExportLine{Done: true})),
		"POST /v1/export?user=alice":  lines(rawLines(t, phone)),
		"POST /v1/export?user=nobody": lines(rawLines(t, admin.ExportLine{Problem: &admin.Problem{Error: "no user", Kind: admin.KindMissing}})),
	})
	got := d.run(t, strings.NewReader(""), "export")
	if got.status != statusDone || got.stdout != "otpauth://totp/x\notpauth://totp/x\n" || !strings.Contains(got.stderr, "a:b: another name") {
		t.Errorf("%+v", got)
	}
	checkJSON(t, "export", d.run(t, strings.NewReader(""), "--json", "export").stdout, phone, true)
	if got := d.run(t, strings.NewReader(""), "export", "--user", "alice"); got.status != statusUnreachable {
		t.Errorf("broken off: %+v", got)
	}
	if got := d.run(t, strings.NewReader(""), "export", "--user", "nobody"); got.status != statusRefused || !strings.Contains(got.stderr, "no user") {
		t.Errorf("%+v", got)
	}
}

// Secrets aren't printed before somebody at a terminal has said so.
func TestExportAsks(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{"POST /v1/export?": lines(rawLines(t, admin.ExportLine{URI: "otpauth://totp/x"}, admin.ExportLine{Done: true}))})
	for answer, status := range map[string]int{"n": statusRefused, "y": statusDone} {
		person, tty := openTerminal(t)
		var stdout strings.Builder
		asked := &typist{person: person, answers: []string{answer}}
		if got := run(t.Context(), []string{"--socket", d.socket, "export"}, tty, &stdout, asked); got != status || (stdout.Len() > 0) != (status == statusDone) {
			t.Errorf("%s: status %d, %q", answer, got, stdout.String())
		}
	}
}

func TestBackup(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{"POST /v1/backup": octets("SQLite format 3")})
	folder := t.TempDir()
	name := filepath.Join(folder, "copy")
	got := d.run(t, strings.NewReader(""), "backup", name)
	content, err := os.ReadFile(name)
	info, statErr := os.Stat(name)
	if got.status != statusDone || err != nil || statErr != nil || string(content) != "SQLite format 3" || info.Mode().Perm() != 0o600 || !strings.Contains(got.stdout, "store key isn't in it") {
		t.Errorf("%+v, %q, %v, %v", got, content, err, statErr)
	}
	if got := d.run(t, strings.NewReader(""), "backup", name); got.status != statusRefused || !strings.Contains(got.stderr, "there already") || strings.Count(d.requests(), "\n") != 0 {
		t.Errorf("a second time: %+v, asked %s", got, d.requests())
	}
	if got := d.run(t, strings.NewReader(""), "backup", filepath.Join(folder, "none", "copy")); got.status != statusUsage {
		t.Errorf("into no folder: %+v", got)
	}
	d.answers["POST /v1/backup"] = admin.Problem{Error: "another backup is under way", Kind: admin.KindRule}
	if got := d.run(t, strings.NewReader(""), "backup", name+"2"); got.status != statusRefused || !strings.Contains(got.stderr, "under way") {
		t.Errorf("refused: %+v", got)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("left: %v, %v", entries, err)
	}
}
