package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/admin"
	"vpn-otpd/store"
)

// What a reload may change of [admin] is in force at once, and the socket isn't
// among it.
func TestRolesAreReloaded(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	roles := func() admin.Roles { return d.admin.Roles() }
	if roles().Of(admin.Peer{UID: 64301, GID: 64201}) != admin.Stranger {
		t.Fatal("a stranger isn't one")
	}
	text, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`socket = "admin.sock"`), []byte("socket = \"other.sock\"\nadmin_group = \"64201\"\n[admin.users]\n64301 = \"Anna\""), 1)
	if err := os.WriteFile(d.path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	warnings, err := d.reload(t.Context())
	if err != nil || !strings.Contains(strings.Join(warnings, "\n"), "admin.socket has changed") {
		t.Errorf("%v, %v", warnings, err)
	}
	if roles().Of(admin.Peer{UID: 64301, GID: 64201}) != admin.Administrator || roles().Users[64301] != "anna" {
		t.Errorf("%+v", roles())
	}
	if socket := d.current().Admin.Socket; filepath.Base(socket) != "admin.sock" {
		t.Errorf("the socket is %s", socket)
	}
}

// A group or user that this machine doesn't have is nobody, and only said so
// where the administrator named it.
func TestMissingGroups(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vpn-otpd.toml")
	for text, want := range map[string]string{
		"": "",
		"[admin]\nadmin_group = \"no-such-group\"\n": `no group "no-such-group"`,
		"[admin.users]\nno-such-user = \"alice\"\n":  `no user "no-such-user"`,
		"[admin]\nhelpdesk_group = \"\"\n":           "",
	} {
		if err := os.WriteFile(path, []byte("[[radius.client]]\nname = \"a\"\nnetworks = [\"127.0.0.1/32\"]\nsecret = \"a-secret-that-is-long\"\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		config, warnings, err := load(path)
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, warning := range warnings {
			said += warning.Text
		}
		if !strings.Contains(said, want) || (want == "") != (said == "") {
			t.Errorf("%q: warned %q, want %q", text, said, want)
		}
		if strings.Contains(want, "group") && len(config.Admin.Roles.AdminGroups) > 0 || len(config.Admin.Roles.Users) > 0 {
			t.Errorf("%q: %+v", text, config.Admin.Roles)
		}
	}
}

func TestAuditIsPruned(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	d.enroll(t, "alice")
	left := func(keep time.Duration) int {
		d.mutex.Lock()
		d.config.AuditKeep = keep
		d.mutex.Unlock()
		if err := d.pruneAudit(t.Context()); err != nil {
			t.Fatal(err)
		}
		records, _, err := d.store.Log(t.Context(), store.LogQuery{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return len(records)
	}
	if n := left(0); n != 2 {
		t.Errorf("kept for ever: %d records", n)
	}
	if n := left(day); n != 2 {
		t.Errorf("kept for a day: %d records", n)
	}
	if n := left(time.Nanosecond); n != 0 {
		t.Errorf("kept for a nanosecond: %d records", n)
	}
}
