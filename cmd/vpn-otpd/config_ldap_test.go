package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const directoryServer = "[password]\norder = [\"local\", \"ldap\"]\n[password.ldap]\nservers = [\"ldaps://ldap.example.org\"]\n"

// What is shown of a directory is one, and its defaults are those in force.
func TestShippedLDAP(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../packaging/vpn-otpd.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(shipped), "#   [password.ldap]\n")
	example, _, _ = strings.Cut(example, "#\n")
	var text strings.Builder
	for line := range strings.Lines(example) {
		line, ok := strings.CutPrefix(line, "#   ")
		if ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "servers") && !strings.HasPrefix(line, "bind_password_file") {
			text.WriteString(line)
		}
	}
	shown, _, err := loadText(t, directoryServer+text.String())
	if err != nil {
		t.Fatalf("%v in\n%s", err, &text)
	}
	bare, _, err := loadText(t, directoryServer+"base = \"dc=example,dc=org\"\n")
	if err != nil {
		t.Fatal(err)
	}
	a, b := shown.LDAP, bare.LDAP
	if a.Timeout != b.Timeout || a.DeadTime != b.DeadTime || a.Connections != b.Connections || a.WithoutStartTLS || b.WithoutStartTLS {
		t.Errorf("the defaults shown are %+v, those in force %+v", a, b)
	}
}

// Groups can be asked for without a password where a directory alone knows.
func TestDirectory(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		directoryServer + "base = \"dc=org\"\n":                                                                          true,
		directoryServer + "bind_template = \"uid={name},dc=org\"\n":                                                      false,
		directoryServer + "bind_template = \"uid={name},dc=org\"\nbind_dn = \"cn=reader\"\nbind_password = \"secret\"\n": true,
		strings.Replace(directoryServer, `"ldap"]`, `"ldap", "radius"]`, 1) + "base = \"dc=org\"\n" + upstreamServer:     false,
		strings.Replace(directoryServer, `, "ldap"`, "", 1) + "base = \"dc=org\"\n":                                      false,
		"": false,
	} {
		config, _, err := loadText(t, text)
		if err != nil || config.Settings.Directory != want {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}

// What may be meant otherwise is said.
func TestLDAPWarnings(t *testing.T) {
	t.Parallel()
	template := "bind_template = \"uid={name},dc=org\"\n"
	for text, want := range map[string]string{
		directoryServer + template:                                                           "",
		strings.Replace(directoryServer, `, "ldap"`, "", 1) + template:                       "it isn't used",
		strings.Replace(directoryServer, `"local", "ldap"`, `"ldap", "local"`, 1) + template: `"local" is hardly ever asked`,
	} {
		_, warnings, err := loadText(t, text)
		var said strings.Builder
		for _, warning := range warnings {
			said.WriteString(warning.String())
		}
		if err != nil || !strings.Contains(said.String(), want) || want == "" && strings.Contains(said.String(), "ldap") {
			t.Errorf("%v, %q, want %q", err, &said, want)
		}
	}
}

func TestLDAPFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, content := range map[string]string{"password": "a secret\n", "ca.pem": "no certificate\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := directoryServer + "base = \"dc=org\"\nbind_dn = \"cn=reader\"\nbind_password_file = \"" + folder + "/password\"\n"
	if config, _, err := loadText(t, text); err != nil || config.LDAP.BindPassword != "a secret" {
		t.Errorf("from a file: %v", err)
	}
	if _, _, err := loadText(t, text+"ca_file = \""+folder+"/ca.pem\"\n"); err == nil || !strings.Contains(err.Error(), "password.ldap.ca_file: it holds no certificate") {
		t.Errorf("a file without certificates: %v", err)
	}
	if _, _, err := loadText(t, text+"ca_file = \"/dev/zero\"\n"); err == nil || !strings.Contains(err.Error(), "no file of certificates") {
		t.Errorf("a file without end: %v", err)
	}
}
