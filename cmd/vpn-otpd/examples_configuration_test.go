package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The daemon takes the other side of each example, and its secret is the one of the VPN
// server's files.
func TestExampleConfigurations(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(examples, "*", "*.toml"))
	if err != nil || len(paths) < 6 {
		t.Fatalf("%d configurations, %v", len(paths), err)
	}
	files := map[string][]string{
		"eduvpn/vpn-otpd.toml": {"eduvpn/config.php"}, "eduvpn/vpn-otpd-before-3.9.toml": {"eduvpn/config-before-3.9.php"},
		"freeradius/vpn-otpd.toml": {"freeradius/vpn-otpd"}, "ocserv/vpn-otpd.toml": {"ocserv/servers"},
		"openvpn/vpn-otpd.toml": {"openvpn/pam_radius_auth.conf"}, "strongswan/vpn-otpd.toml": {"strongswan/strongswan.conf"},
	}
	for _, path := range paths {
		name := filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
		config, _, err := loadConfig(path, testEnvironment())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(config.Radius.Client) != 1 || len(files[name]) == 0 {
			t.Errorf("%s: %d clients, other side %q", name, len(config.Radius.Client), files[name])
			continue
		}
		for _, other := range files[name] {
			if secret := config.Radius.Client[0].Secret; !strings.Contains(string(example(t, other)), secret) {
				t.Errorf("%s hasn't the secret %q", other, secret)
			}
		}
	}
}

// PHP reads the portal's files, and they hold what the portal's RADIUS settings are called.
func TestExampleEduVPN(t *testing.T) {
	t.Parallel()
	php := program(t, "php", "php-cli")
	for name, want := range map[string]string{
		"config.php":            `"serverList":["192.0.2.1:1812:put-the-shared-secret-here"],"nasIdentifier":"vpn.example.org","timeOutSec":10,"requireMessageAuthenticator":true`,
		"config-before-3.9.php": `"serverList":["192.0.2.1:1812:put-the-shared-secret-here"],"nasIdentifier":"vpn.example.org"}`,
	} {
		path := filepath.Join(examples, "eduvpn", name)
		accepts(t, php, "-l", path)
		output, err := exec.Command(php, "-r", "echo json_encode(require $argv[1], JSON_UNESCAPED_SLASHES);", path).CombinedOutput()
		if err != nil || !json.Valid(output) {
			t.Errorf("%s: %v\n%s", name, err, output)
		}
		if !strings.Contains(string(output), fmt.Sprintf(`"authModule":"RadiusAuthModule","RadiusAuthModule":{%s`, want)) {
			t.Errorf("%s says %s", name, output)
		}
	}
}
