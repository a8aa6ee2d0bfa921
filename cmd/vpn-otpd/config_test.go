package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/admin"
	"vpn-otpd/radiusd/attribute"
	"vpn-otpd/radiusd/notice"
	"vpn-otpd/radiusd/password/ldap"
	"vpn-otpd/radiusd/password/upstream"
)

var update = flag.Bool("update", false, "write the expected faults of testdata/config anew")

func testEnvironment() environment {
	return environment{hostname: func() (string, error) { return "host1", nil }}
}

func load(path string) (*Config, []Warning, error) { return loadConfig(path, testEnvironment()) }

func TestGoodConfigurations(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/config/*.good.toml")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range append(paths, "../../packaging/vpn-otpd.toml") {
		if _, _, err := load(path); err != nil {
			t.Errorf("%v", err)
		}
	}
}

// Each faulty file has its faults beside it: all of them, with lines and keys.
func TestBadConfigurations(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/config/*.bad.toml")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		_, _, err := load(path)
		var faults *Faults
		if !errors.As(err, &faults) {
			t.Errorf("%s has no faults: %v", path, err)
			continue
		}
		got := strings.ReplaceAll(faults.Error(), filepath.Dir(path)+"/", "") + "\n"
		got = regexp.MustCompile(`stat /\S*/missing`).ReplaceAllString(got, "stat missing")
		golden := strings.TrimSuffix(path, ".toml") + ".txt"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s%v", path, got, want, err)
		}
	}
}

func TestEveryKeyArrives(t *testing.T) {
	t.Parallel()
	config, warnings, err := load("testdata/config/everything.good.toml")
	if err != nil {
		t.Fatal(err)
	}
	vpn1, nas, first := config.Clients[0], config.Clients[1], config.Settings.FirstUse
	folder, _ := filepath.Abs("testdata/config")
	for name, got := range map[string]bool{
		"policy":    config.policyName() == "enforced",
		"node":      config.Node == "node1",
		"paths":     config.Store.Path == "/srv/vpn-otpd.sqlite" && config.Store.KeyFile == folder+"/key/store.key" && config.Admin.Socket == folder+"/admin.sock",
		"radius":    config.Radius.RejectDelay == 2*time.Second && config.Radius.Workers == 64 && len(config.Radius.Listen) == 2,
		"challenge": config.Settings.ChallengeLifetime == 90*time.Second && config.Settings.ChallengeTries == 5,
		"vpn1":      vpn1.Mode == "append" && vpn1.RequireAlways && vpn1.RepeatByNASPort && !vpn1.StatusServer && len(vpn1.Networks) == 2,
		"its own":   vpn1.RequireMessageAuthenticator && vpn1.LimitProxyState && vpn1.Prompt.Word == "Code" && vpn1.Prompt.Language == "nl",
		"its rule":  !vpn1.Policy.Require && !vpn1.Policy.Disabled(),
		"nas":       nas.Mode == "code" && nas.PassUnenrolled && nas.StatusServer && nas.Policy.Disabled(),
		"defaults":  !nas.RequireMessageAuthenticator && !nas.LimitProxyState && nas.Prompt.Word == "OTP" && nas.Prompt.Language == "de" && nas.Prompt.Support == "Hilfe: 0800 123",
		"remember":  config.Clients[2].RememberFor == 12*time.Hour && vpn1.RememberFor == 0,
		"staff": reflect.DeepEqual(config.Settings.Rules[0], access.PolicyRule{Name: "staff", Groups: []string{"staff", "Domain Users"}, Clients: []string{"terminals"},
			NASIdentifiers: []string{"portal"}, Networks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")},
			Begins: config.Settings.Rules[0].Begins, Ends: config.Settings.Rules[0].Ends, Says: "required",
			FirstUse: access.FirstUse{How: "invitation", Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, EnrollWithin: 30 * day, AfterReset: time.Hour}}),
		"dates": config.Settings.Rules[0].Begins.Format(time.DateOnly) == "2027-01-01" && config.Settings.Rules[0].Ends.UTC().Format(time.RFC3339) == "2027-06-30T16:00:00Z",
		"guests": config.Settings.Rules[1].Says == "exempt" && config.Settings.Rules[1].Reason == "conference" && config.Settings.Rules[1].Mode == "append" &&
			config.Settings.Rules[1].FirstUse.AfterReset == first.AfterReset,
		"groups": strings.Join(config.Settings.Groups, ",") == "Contractors,Domain Users,staff",
		"replies": reflect.DeepEqual(config.Replies, radiusd.NewReplies([]radiusd.ReplyRule{
			{Attributes: []access.Attribute{{Type: 25, Value: []byte("a")}, {Type: 25, Value: []byte("b")}, {Type: 27, Value: []byte{0, 0, 0x70, 0x80}}},
				Replaces: []attribute.Kind{{Type: 27}}},
			{Groups: []string{"Contractors"}, Clients: []string{"vpn1", "nas"}, Users: []string{"alice", "bob"},
				Attributes: []access.Attribute{{Type: 11, Value: []byte("staff")}, {Type: 64, Value: []byte{1, 0, 0, 13}}, {Type: 26, Value: []byte("\x00\x00\x00\x09\x01\x13shell:priv-lvl=15")}},
				Replaces:   []attribute.Kind{{Type: 11}, {Type: 64}, {Type: 26, Vendor: 9, Within: 1}}},
		})),
		"names":    config.Settings.Names.Realm == "strip",
		"lockout":  config.Settings.Lockout.Failures == 3 && config.Settings.Lockout.Lock == 5*time.Minute && config.Settings.Lockout.Longest == time.Hour && config.Settings.Lockout.Forget == 30*time.Minute,
		"throttle": config.Settings.Throttle.Failures == 7 && config.Settings.Throttle.Wait == 10*time.Second && config.Settings.Throttle.Longest == time.Minute && config.Settings.Throttle.NetworkFailures == 20,
		"password": config.Password.Parallel == 1,
		"ldap": reflect.DeepEqual(*config.LDAP, ldap.Options{Servers: []string{"ldaps://ldap1.example.org", "ldap://127.0.0.1:1389"}, WithoutStartTLS: true,
			Base: "ou=people,dc=example,dc=org", Filter: "(&(objectClass=person)(uid={name}))", BindDN: "cn=vpn-otpd,dc=example,dc=org",
			BindPassword: "a sixth secret that is long enough", NameAttribute: "cn", Groups: "search", GroupBase: "ou=groups,dc=example,dc=org",
			GroupFilter: "(memberUid={name})", GroupName: "cn", Connections: 8, Timeout: 1500 * time.Millisecond, DeadTime: 30 * time.Second}),
		"upstream": reflect.DeepEqual(*config.Upstream, upstream.Options{Timeout: 600 * time.Millisecond, DeadTime: 2 * time.Minute, NASIdentifier: "otp", GroupAttribute: 25, TypedNames: "none",
			Servers: []upstream.Server{{Address: "radius.example.org:1812", Secret: []byte("a fourth secret that is long enough")},
				{Address: "[2001:db8::2]:1645", Secret: []byte("a fifth secret that is long enough"), AllowWithoutMessageAuthenticator: true}}}),
		"migrate": config.Settings.MigrateUntil.Equal(time.Date(2099, 2, 1, 0, 0, 0, 0, time.Local)) && strings.Join(config.Password.Order, " ") == "local ldap",
		"log":     config.Log.Level.String() == "DEBUG" && config.Log.Format == "json",
		"metrics": config.Metrics.Listen == "unix:"+folder+"/metrics.sock",
		"roles": reflect.DeepEqual(config.Admin.Roles, admin.Roles{AdminGroups: []uint32{64201}, HelpdeskGroups: []uint32{0},
			Administrators: []string{"carol", "anna"}, Users: map[uint32]string{0: "helen", 64302: "anna"}}),
		"audit":     config.AuditKeep == 30*day,
		"page":      config.Page.Listen == "127.0.0.1:8080" && config.Page.address() == "https://vpn.example.org/2fa/" && len(config.Page.TrustedProxies) == 2 && len(config.Page.Returns) == 2,
		"first use": first.How == "challenge" && len(first.Networks) == 1 && first.EnrollWithin == 14*day+12*time.Hour && first.AfterReset == 0,
		"devices":   config.Settings.NewDevices == access.DeviceKind{Algorithm: "SHA256", Digits: 8, Period: 60} && config.Settings.Issuer == "Example VPN",
		"reveal":    config.Clients[2].RevealSecret && !nas.RevealSecret && (config.Settings.EnforcedSomewhere || config.Settings.AlwaysSomewhere),
		"notices":   strings.Join(config.Settings.Notices, " ") == "mail webhook" && config.Notice.Language == "nl",
		"mail":      *config.Notice.Mail == notice.Mail{Server: "localhost:25", Security: "none", From: "VPN <vpn@example.org>", To: "{user}@example.org"},
		"webhook":   config.Notice.Webhook.URL == "https://hooks.example.org/vpn?source=1" && config.Notice.Webhook.Secret == nil,
		// The file's mode, nas without Message-Authenticator, the secret revealed,
		// three times devices that apps may not know, an unsigned webhook, an
		// upstream server without Message-Authenticator, and local accounts, which
		// have no groups.
		"warned": len(warnings) == 9,
	} {
		if !got {
			t.Errorf("%s is not as it was written: %+v %v", name, config, warnings)
		}
	}
}

// The shipped file is off, and shows every key with its default.
func TestShippedConfiguration(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../packaging/vpn-otpd.toml")
	if err != nil {
		t.Fatal(err)
	}
	config, _, err := load("../../packaging/vpn-otpd.toml")
	if err != nil {
		t.Fatal(err)
	}
	if config.policyName() != "disabled" || len(config.Clients) != 0 || config.Page.URL != nil || config.Settings.FirstUse.How != "" {
		t.Errorf("as shipped two-factor is %s, with %d clients, and %s enrolls", config.policyName(), len(config.Clients), config.Settings.FirstUse.How)
	}
	for _, key := range keysOf(reflect.TypeFor[file](), "") {
		name := key[strings.LastIndex(key, ".")+1:]
		if !strings.Contains(string(shipped), name) {
			t.Errorf("%s is not explained in the shipped file", key)
		}
	}
}

// Written out, the defaults that it shows change nothing. That needs a page,
// without which rules for first use are faults.
func TestShippedDefaults(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../packaging/vpn-otpd.toml")
	if err != nil {
		t.Fatal(err)
	}
	withPage := func(text string) *Config {
		path := filepath.Join(t.TempDir(), "vpn-otpd.toml")
		text = strings.Replace(text, "[enroll]\n", "[enroll]\nurl = \"https://vpn.example.org/2fa/\"\n", 1)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		config, _, err := load(path)
		if err != nil {
			t.Fatal(err)
		}
		return config
	}
	// The example of a client is not one of defaults; the rest is uncommented.
	before, after, _ := strings.Cut(string(shipped), "# One [[radius.client]]")
	_, after, _ = strings.Cut(after, "\n[names]")
	active := regexp.MustCompile(`(?m)^# ([a-z_]+ = )`).ReplaceAllString(before+"\n[names]"+after, "$1")
	active = strings.ReplaceAll(active, "\nurl = \"\"\n", "\n")
	explicit, config := withPage(active), withPage(string(shipped))
	if !reflect.DeepEqual(explicit, config) {
		t.Errorf("the defaults shown are\n%+v, those in force\n%+v", explicit, config)
	}
}

func keysOf(of reflect.Type, prefix string) (keys []string) {
	for i := range of.NumField() {
		field := of.Field(i)
		key := prefix + field.Tag.Get("toml")
		switch {
		case field.Type.Kind() == reflect.Struct:
			keys = append(keys, keysOf(field.Type, key+".")...)
		case field.Type.Kind() == reflect.Pointer && field.Type.Elem().Kind() == reflect.Struct:
			keys = append(keys, keysOf(field.Type.Elem(), key+".")...)
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			keys = append(keys, keysOf(field.Type.Elem(), key+".")...)
		default:
			keys = append(keys, key)
		}
	}
	return keys
}

// The shipped example of a client is one, once it is uncommented.
func TestShippedClient(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../packaging/vpn-otpd.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(shipped), "# [[radius.client]]\n")
	example, _, _ = strings.Cut(example, "#\n")
	example = "[[radius.client]]\n" + regexp.MustCompile(`(?m)^# `).ReplaceAllString(example, "")
	example = regexp.MustCompile(`(?m)^secret_file.*\n`).ReplaceAllString(example, "")
	path := filepath.Join(t.TempDir(), "client.toml")
	if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	config, _, err := load(path)
	if err != nil || len(config.Clients) != 1 || config.Clients[0].Mode != "challenge" {
		t.Errorf("%v in\n%s", err, example)
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	credentials := filepath.Join(folder, "credentials")
	write := func(name, content string, mode os.FileMode) {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	write("good", " a secret with a blank \n", 0o600)
	write("open", "a secret that others read\n", 0o640)
	write("empty", "\n", 0o600)
	write("credentials/vpn1", "a secret from systemd\n", 0o440)
	for _, test := range []struct{ file, secret, fault string }{
		{"good", " a secret with a blank ", ""},
		{filepath.Join(folder, "good"), " a secret with a blank ", ""},
		{"vpn1", "a secret from systemd", ""},
		{"open", "", "0640"},
		{"empty", "", "is empty"},
		{"missing", "", "no such file"},
		{"credentials/vpn1", "", "0440"},
	} {
		write("c.toml", fmt.Sprintf("[[radius.client]]\nname = \"a\"\nnetworks = [\"192.0.2.1/32\"]\nsecret_file = %q\n", test.file), 0o600)
		config, _, err := loadConfig(filepath.Join(folder, "c.toml"), environment{hostname: os.Hostname, credentials: credentials})
		switch {
		case test.fault == "" && err != nil:
			t.Errorf("%s: %v", test.file, err)
		case test.fault == "" && string(config.Clients[0].Secret) != test.secret:
			t.Errorf("%s: %q", test.file, config.Clients[0].Secret)
		case test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault) || !strings.Contains(err.Error(), "c.toml:4: radius.client[0].secret_file")):
			t.Errorf("%s: %v, want %s", test.file, err, test.fault)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.toml")
	text := "require_two_factor = true\n[[radius.client]]\nname = \"a\"\nnetworks = [\"192.0.2.1/32\"]\nsecret = \"twelve-octet\"\nrequire_message_authenticator = false\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := checkConfig(&out, path, testEnvironment()); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"chmod", "c.toml:1: require_two_factor", "c.toml:5: radius.client[0].secret: the secret of client \"a\" has 12 octets", "c.toml:6: ", "CVE-2024-3596", "1 clients, two-factor is disabled"} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("no %q in\n%s", words, &out)
		}
	}
	if strings.Contains(out.String(), "twelve-octet") {
		t.Error("a secret is printed")
	}
}

func TestRestartNeeded(t *testing.T) {
	t.Parallel()
	old, _, err := load("testdata/config/everything.good.toml")
	if err != nil {
		t.Fatal(err)
	}
	if keys := RestartNeeded(old, old); len(keys) != 0 {
		t.Errorf("nothing has changed, but %v", keys)
	}
	shipped, _, err := load("../../packaging/vpn-otpd.toml")
	if err != nil {
		t.Fatal(err)
	}
	want := "node store.path store.key_file radius.listen radius.accounting_listen radius.reject_delay radius.support_text radius.workers names.realm password.order password.parallel password.ldap password.radius " +
		"enroll.listen enroll.url enroll.trusted_proxies enroll.return notice.language notice.mail notice.webhook admin.socket metrics.listen log.format"
	if got := strings.Join(RestartNeeded(old, shipped), " "); got != want {
		t.Errorf("got %s", got)
	}
}

// Whatever the file holds, there is no panic, and a fault has a line or a key.
func FuzzConfig(f *testing.F) {
	paths, _ := filepath.Glob("testdata/config/*.toml")
	for _, path := range paths {
		text, _ := os.ReadFile(path)
		f.Add(string(text))
	}
	f.Add("radius.client = [{name = 1}, 5]")
	f.Fuzz(func(t *testing.T, text string) {
		l := &loader{decoder: decoder{name: "c.toml"}, env: testEnvironment(), folder: "/nonexistent"}
		written := defaults()
		l.decode(text, written)
		if l.lines != nil {
			l.check(written)
		}
		for _, fault := range l.faults {
			if fault.Line == 0 && fault.Key == "" {
				t.Errorf("%s names neither line nor key", fault)
			}
		}
	})
}
