package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/prompt"
)

// loadText loads a configuration with two-factor on and the clients vpn and
// portal, and what the test adds.
func loadText(t *testing.T, text string) (*Config, []Warning, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.toml")
	text = "two_factor_methods = [\"totp\"]\n" + text
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return load(path)
}

const vpnClient = `
[[radius.client]]
name = "vpn"
networks = ["192.0.2.1/32"]
secret = "a secret that is long enough"
`

func TestWhoMayEnroll(t *testing.T) {
	t.Parallel()
	const page = "[enroll]\nurl = \"https://vpn.example.org:8443/2fa/\"\n"
	for _, test := range []struct {
		text   string
		how    access.FirstUseWay
		issuer string
	}{
		{vpnClient, "", "host1"},
		{vpnClient + page, access.FirstUseChallenge, "vpn.example.org"},
		{vpnClient + page + `first_use = "web"`, access.FirstUseWeb, "vpn.example.org"},
		{vpnClient + page + "first_use = \"invitation\"\nissuer = \"VPN\"", access.FirstUseInvitation, "VPN"},
		{vpnClient + "reveal_secret_in_challenge = true\n", access.FirstUseChallenge, "host1"},
		{vpnClient + "reveal_secret_in_challenge = true\n[enroll]\nenroll_within = \"14d\"\n", access.FirstUseChallenge, "host1"},
	} {
		config, _, err := loadText(t, test.text)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if got := config.Settings; got.FirstUse.How != test.how || got.Issuer != test.issuer || got.FirstUse.AfterReset != 24*time.Hour {
			t.Errorf("%s: %+v", test.text, got)
		}
		if shown := config.Clients[0].Prompt.EnrollURL; shown != config.Page.address() || (shown == "") != (config.Page.URL == nil) {
			t.Errorf("%s: prompts show %q", test.text, shown)
		}
	}
}

func TestEnforcedSomewhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, `require = "always"`: true, "require_two_factor = true": true, "require_two_factor = false": false,
		"require_two_factor = true\ntwo_factor_methods = []": false,
	} {
		config, _, err := loadText(t, vpnClient+text)
		if err != nil || (config.Settings.EnforcedSomewhere || config.Settings.AlwaysSomewhere) != want || config.enforced() != want ||
			config.Settings.AlwaysSomewhere != strings.Contains(text, "always") {
			t.Errorf("%s: %v, %v", text, config, err)
		}
		config.Settings.Policy.Methods = nil
		if policy, always := enforcedSomewhere(config.Settings.Policy, config.Clients); policy || always || config.enforced() {
			t.Errorf("%s: enforced while two-factor is off", text)
		}
	}
}

func TestWebAddresses(t *testing.T) {
	t.Parallel()
	long := "https://vpn.example.org/" + strings.Repeat("a", prompt.MaxEnrollURL-len("https://vpn.example.org//")) + "/"
	for text, good := range map[string]bool{
		"https://vpn.example.org/": true, "https://vpn.example.org:8443/2fa/": true, "https://[2001:db8::1]/2fa/": true, long: true,
		"http://127.0.0.1:8080/2fa/": true, "http://[::1]/": true, "http://localhost/": true,
		"a" + long: false, strings.Replace(long, "/a", "/aa", 1): false,
		"https://vpn.example.org": false, "https://vpn.example.org/2fa": false, "vpn.example.org/2fa/": false, "/2fa/": false,
		"http://vpn.example.org/": false, "http://localhost.example.org/": false, "ftp://vpn.example.org/": false, "https:///2fa/": false, "https://:443/": false,
		"https:vpn.example.org/": false, "HTTPS://vpn.example.org/": false, "https://a@vpn.example.org/": false, "https://vpn.example.org/?/": false,
		"https://vpn.example.org/?a=/": false, "https://vpn.example.org/#/": false, "https://vpn.example.org/a/../": false, "https://vpn.example.org/./": false,
		"https://vpn.example.org//": false, "https://vpn.example.org/%2e%2e/": false, "https://vpn.example.org/ü/": false, "https://vpn.example.org/a b/": false,
		`https://vpn.example.org\a/`: false, "https://vpn.example.org/\t/": false, "https://vpn.example.org/\"/": false,
	} {
		_, _, err := loadText(t, "[enroll]\nurl = '"+text+"'\n")
		if (err == nil) != good || !good && !strings.Contains(err.Error(), "c.toml:3: enroll.url: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestEnrollListen(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"127.0.0.1:8080": true, "[::1]:0": true, "127.8.8.8:80": true, "[::ffff:127.0.0.1]:80": true,
		"0.0.0.0:8080": false, "[::]:8080": false, "192.0.2.1:8080": false, "localhost:8080": false, "8080": false, "127.0.0.1:http": false,
	} {
		_, _, err := loadText(t, "[enroll]\nurl = \"https://vpn.example.org/\"\nlisten = \""+address+"\"\n")
		if (err == nil) != good || !good && !strings.Contains(err.Error(), "c.toml:4: enroll.listen: ") {
			t.Errorf("%s: %v", address, err)
		}
	}
	// With a certificate it may be anywhere; then users come by https.
	certificate, key := writePair(t, t.TempDir(), "one")
	pair := "certificate = \"" + certificate + "\"\nkey = \"" + key + "\"\n"
	if _, _, err := loadText(t, "[enroll]\nurl = \"https://vpn.example.org/\"\nlisten = \"[::]:443\"\n"+pair); err != nil {
		t.Error(err)
	}
	if _, _, err := loadText(t, "[enroll]\nurl = \"http://localhost/\"\nlisten = \"127.0.0.1:443\"\n"+pair); err == nil || !strings.Contains(err.Error(), "enroll.url: ") {
		t.Errorf("http with a certificate: %v", err)
	}
	pair = strings.Replace(pair, key, certificate, 1)
	if _, _, err := loadText(t, "[enroll]\nurl = \"https://vpn.example.org/\"\nlisten = \"[::]:443\"\n"+pair); err == nil || !strings.Contains(err.Error(), "c.toml:5: enroll.certificate: ") {
		t.Errorf("a certificate without its key: %v", err)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"14d": 14 * day, "1d12h": 36 * time.Hour, "0d": 0, "90s": 90 * time.Second, "24h": day, "65535d": 65535 * day,
		"d": -1, "1.5d": -1, "-1d": -1, "+1d": -1, "1d1d": -1, "65536d": -1, "1d x": -1, "": -1, "14": -1, "1D": -1,
	} {
		got, err := parseDuration(text)
		if (err != nil) != (want == -1) || err == nil && got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

// The shipped examples of mail and webhook are ones, once they are uncommented.
func TestShippedNotices(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../packaging/vpn-otpd.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, examples, _ := strings.Cut(string(shipped), "#   [notice.mail]\n")
	examples, _, _ = strings.Cut(examples, "\n[admin]")
	lines := regexp.MustCompile(`(?m)^#   (.*)$`).FindAllStringSubmatch(examples, -1)
	folder := t.TempDir()
	text := "[notice.mail]\n"
	for _, line := range lines {
		text += line[1] + "\n"
	}
	for _, name := range []string{"mail.password", "webhook.secret"} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("of "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		text = strings.Replace(text, name, path, 1)
	}
	config, warnings, err := loadText(t, text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if config.Notice.Mail.Password != "of mail.password" || string(config.Notice.Webhook.Secret) != "of webhook.secret" || len(warnings) != 1 {
		t.Errorf("%+v, %v", config.Notice, warnings)
	}
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	for to, good := range map[string]bool{
		"{user}@example.org": true, "{user}": true, "vpn-{user}@example.org": true, "vpn@{user}.example.org": false,
		"": false, "user@example.org": false, "{user}@{user}": false, "{user}@": false, "{user} <a@example.org>": false,
		"{user}@example.org, a@example.org": false, "{user}@example.org\r\nBcc: a@example.org": false,
	} {
		if isRecipient(to) != good {
			t.Errorf("%q: %v", to, !good)
		}
	}
}
