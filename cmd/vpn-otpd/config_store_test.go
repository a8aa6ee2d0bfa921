package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A URL is protected or warned of, and its password is never shown.
func TestStoreURL(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"postgres://otp:hush@db.example.org/otp?sslmode=verify-full":                          "",
		"postgres://otp:hush@127.0.0.1/otp":                                                   "",
		"postgres://otp:hush@localhost:5433/otp?sslmode=disable":                              "",
		"postgres:///otp?host=/run/postgresql&user=otp&password=hush":                         "",
		"postgres://otp:hush@db.example.org/otp":                                              "db.example.org could read along",
		"postgres://otp:hush@db.example.org/otp?sslmode=require":                              "db.example.org could read along",
		"postgres://otp:hush@127.0.0.1,db.example.org/otp?sslmode=disable":                    "db.example.org could read along",
		"mysql://otp:hush@db.example.org/otp":                                                 `begins with "postgres://"`,
		"postgres://otp:hush@db.example.org/otp?sslmode=perhaps":                              "sslmode",
		"postgres://otp:hush@db.example.org/otp?sslmode=verify-full&sslrootcert=/none/ca.crt": "ca.crt",
		"postgres://otp:hush@db.example.org:port/otp":                                         "no URL",
		"host=db.example.org user=otp password=hush":                                          `begins with "postgres://"`,
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, "vpn-otpd.toml")
		write := func(name, text string) {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("url", location+"\n")
		for _, setting := range []string{fmt.Sprintf("url = %q", location), `url_file = "url"`} {
			write("vpn-otpd.toml", codeClient+"[store]\ndriver = \"postgres\"\n"+setting+"\n")
			config, warnings, err := loadConfig(path, testEnvironment())
			said := fmt.Sprint(warnings, err)
			if want == "" && (len(warnings) > 0 || err != nil || config.Store.URL != location) || !strings.Contains(said, want) {
				t.Errorf("%s: %s", location, said)
			}
			if config != nil {
				said += config.Store.place()
			}
			if strings.Contains(said, "hush") {
				t.Errorf("%s: the password is shown: %s", location, said)
			}
		}
	}
}

// A password in a configuration that everybody can read is warned of.
func TestStorePasswordIsASecret(t *testing.T) {
	t.Parallel()
	for location, secret := range map[string]bool{
		"postgres://otp:hush@127.0.0.1/otp":                 true,
		"postgres://otp@127.0.0.1/otp?password=hush":        true,
		"postgres://otp@127.0.0.1/otp":                      false,
		"postgres:///otp?host=/run/postgresql&user=vpn-otp": false,
	} {
		path := filepath.Join(t.TempDir(), "vpn-otpd.toml")
		secretFile := path + ".secret"
		if err := os.WriteFile(secretFile, []byte(testSecret), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, fmt.Appendf(nil, "[store]\ndriver = \"postgres\"\nurl = %q\n[[radius.client]]\nname = \"a\"\nnetworks = [\"192.0.2.1/32\"]\nsecret_file = %q\n", location, secretFile), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, warnings, err := loadConfig(path, testEnvironment()); err != nil || (len(warnings) > 0) != secret {
			t.Errorf("%s: %v, %v", location, warnings, err)
		}
	}
}
