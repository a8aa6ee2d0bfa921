package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const upstreamServer = "[[password.radius.server]]\naddress = \"192.0.2.2:1812\"\nsecret = \"a secret that is long enough\"\n"

// A date lasts until its end; without an offset it is this machine's.
func TestMigrateUntil(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]time.Time{
		"2097-01-31":                time.Date(2097, 2, 1, 0, 0, 0, 0, time.Local),
		"2097-12-31":                time.Date(2098, 1, 1, 0, 0, 0, 0, time.Local),
		"2097-07-31T12:30:00":       time.Date(2097, 7, 31, 12, 30, 0, 0, time.Local),
		"2097-07-31T12:30:00Z":      time.Date(2097, 7, 31, 12, 30, 0, 0, time.UTC),
		"2097-07-31T12:30:00+02:00": time.Date(2097, 7, 31, 10, 30, 0, 0, time.UTC),
		`"2097-01-31"`:              {},
		"12:30:00":                  {},
		"2097":                      {},
		"true":                      {},
	} {
		config, _, err := loadText(t, "[password.radius]\nmigrate_until = "+written+"\n"+upstreamServer)
		switch {
		case want.IsZero() && (err == nil || !strings.Contains(err.Error(), "password.radius.migrate_until: a date is expected")):
			t.Errorf("%s: %v", written, err)
		case !want.IsZero() && (err != nil || !config.Settings.MigrateUntil.Equal(want)):
			t.Errorf("%s: %v, want %s", written, err, want)
		}
	}
}

func TestUpstreamAddresses(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"192.0.2.2:1812": true, "[2001:db8::2]:1812": true, "radius.example.org:1812": true, "localhost:1": true, "radius_1:65535": true,
		"192.0.2.2": false, "2001:db8::2:1812": false, ":1812": false, "radius.example.org:radius": false, "radius.example.org:65536": false,
		"radius.example.org:01812": false, "radius example.org:1812": false, "-radius:1812": false, "radius:+1": false, "": false,
		strings.Repeat("a", 200) + ":1812": false,
	} {
		if fault := serverFault(address); (fault == "") != good {
			t.Errorf("%q: %q", address, fault)
		}
	}
}

func TestGroupAttributes(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]int{"Class": 25, "class": 25, "Filter-Id": 11, "25": 25, "255": 255, "": 0, "0": -1, "26": -1, "256": -1, "Vendor": -1} {
		config, _, err := loadText(t, fmt.Sprintf("[password.radius]\ngroup_attribute = %q\n%s", written, upstreamServer))
		if (err != nil) != (want < 0) || err == nil && int(config.Upstream.GroupAttribute) != want {
			t.Errorf("%q: %v", written, err)
		}
	}
}

// What is allowed is said where it does harm, or nothing.
func TestUpstreamWarnings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.toml")
	text := "[password.radius]\n[[password.radius.server]]\naddress = \"192.0.2.2:1812\"\nsecret = \"twelve-octet\"\nrequire_message_authenticator = false\n"
	for extra, words := range map[string][]string{
		"": {"chmod", "c.toml:4: password.radius.server[0].secret: the secret of server", "c.toml:5: ", "CVE-2024-3596", "c.toml:1: password.radius: it isn't used"},
		"[password]\nradius.migrate_until = 2020-01-01\n": {"password.radius.migrate_until: it is over"},
	} {
		whole := text
		if extra != "" {
			whole = extra + strings.TrimPrefix(text, "[password.radius]\n")
		}
		if err := os.WriteFile(path, []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := checkConfig(&out, path, testEnvironment()); err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(out.String(), word) {
				t.Errorf("no %q in\n%s", word, &out)
			}
		}
		if strings.Contains(out.String(), "twelve-octet") {
			t.Error("a secret is printed")
		}
	}
}

// The shipped example of upstream servers is one, once it is uncommented.
func TestShippedUpstream(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../packaging/vpn-otpd.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(shipped), "#   [password.radius]\n")
	example, _, _ = strings.Cut(example, "\n\n")
	var text strings.Builder
	text.WriteString("[password.radius]\n")
	for line := range strings.Lines(example) {
		if line, ok := strings.CutPrefix(line, "#   "); ok && !strings.HasPrefix(line, "secret_file") {
			text.WriteString(line)
		}
	}
	config, warnings, err := loadText(t, text.String())
	if err != nil || len(config.Upstream.Servers) != 1 || config.Settings.MigrateUntil.IsZero() {
		t.Fatalf("%v in\n%s", err, &text)
	}
	bare, _, err := loadText(t, upstreamServer)
	if err != nil {
		t.Fatal(err)
	}
	if shown, usual := config.Upstream, bare.Upstream; shown.Timeout != usual.Timeout || shown.DeadTime != usual.DeadTime || shown.Servers[0].AllowWithoutMessageAuthenticator {
		t.Errorf("the defaults shown are %+v, those in force %+v; %v", shown, usual, warnings)
	}
}

// A new end of the migration counts at once; other servers need a restart.
func TestReloadUpstream(t *testing.T) {
	t.Parallel()
	load := func(text string) *Config {
		config, _, err := loadText(t, text)
		if err != nil {
			t.Fatal(err)
		}
		return config
	}
	none, until := load(""), load("[password.radius]\nmigrate_until = 2097-01-31\n"+upstreamServer)
	later := load("[password.radius]\nmigrate_until = 2098-01-31\n" + upstreamServer)
	if keys := RestartNeeded(until, later); len(keys) != 0 {
		t.Errorf("restart for %v", keys)
	}
	if keys := RestartNeeded(none, until); strings.Join(keys, " ") != "password.radius" {
		t.Errorf("restart for %v", keys)
	}
	want := later.Settings.MigrateUntil
	if later.keepStatic(until); !later.Settings.MigrateUntil.Equal(want) {
		t.Errorf("until %s", later.Settings.MigrateUntil)
	}
	if until.keepStatic(none); !until.Settings.MigrateUntil.IsZero() || until.Upstream != nil {
		t.Errorf("without servers, until %s", until.Settings.MigrateUntil)
	}
}
