package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"vpn-otpd/enroll"
	"vpn-otpd/enroll/signin/header"
	"vpn-otpd/enroll/signin/oidc"
)

func TestSignInKeysArrive(t *testing.T) {
	t.Parallel()
	config, warnings, err := load("testdata/config/signin.good.toml")
	if err != nil {
		t.Fatal(err)
	}
	folder, _ := filepath.Abs("testdata/config")
	want := PageConfig{
		Listen: "unix:" + folder + "/enroll.sock", URL: config.Page.URL, Returns: []string{},
		Proxies: header.Proxies{UIDs: []uint32{0, 64333}, Names: []string{}},
		SignIn: SignInConfig{
			Ways: []enroll.SignInWay{"oidc", "header", "password"},
			Provider: &oidc.Options{Issuer: "https://id.example.org/realms/example", ClientID: "vpn-otpd", ClientSecret: "a secret of the client",
				RedirectURL: "https://vpn.example.org/2fa/signin/oidc", Scopes: []string{"profile", "groups"}, NameClaim: "preferred_username", GroupsClaim: "groups"},
			Header:        &header.Options{Name: "X-Remote-User", Groups: "X-Remote-Groups", Separator: ","},
			ProviderLabel: "Example University", HeaderLabel: "the campus",
		},
	}
	if !reflect.DeepEqual(config.Page, want) {
		t.Errorf("got  %+v\nwant %+v", config.Page, want)
	}
	if len(warnings) != 2 || !strings.Contains(warnings[1].Text, "everybody on this machine can read") { // there is no client either
		t.Errorf("warned of %v", warnings)
	}
	plain, _, err := loadText(t, vpnClient)
	if err != nil || !reflect.DeepEqual(plain.Page.SignIn, SignInConfig{Ways: []enroll.SignInWay{"password"}}) {
		t.Errorf("by default %+v, %v", plain.Page.SignIn, err)
	}
	keys := strings.Join(RestartNeeded(config, plain), " ")
	if !strings.Contains(keys, "enroll.listen enroll.url enroll.peers enroll.sign_in enroll.oidc enroll.header") {
		t.Errorf("a restart is needed for %s", keys)
	}
}

// A header is believed only where its sender can't be just anybody.
func TestWhereHeadersComeFrom(t *testing.T) {
	t.Parallel()
	certificate, key := writePair(t, t.TempDir(), "one")
	pair := "certificate = \"" + certificate + "\"\nkey = \"" + key + "\"\n"
	proxy := "client_ca = \"" + certificate + "\"\nclient_names = [\"proxy.example.org\"]\n"
	for lines, fault := range map[string]string{
		"listen = \"unix:/run/x\"\npeers = [\"root\"]\n": "",
		"peers = [\"0\"]\n":                                                            "", // the socket is passed
		"listen = \"[::]:443\"\n" + pair + proxy:                                       "",
		"listen = \"unix:/run/x\"\n":                                                   "enroll.peers: ",
		"listen = \"127.0.0.1:8080\"\n":                                                "enroll.header: every user of this machine",
		"listen = \"127.0.0.1:8080\"\ntrusted_proxies = [\"127.0.0.1/32\"]\n":          "enroll.header: every user of this machine",
		"listen = \"[::1]:8080\"\npeers = [\"root\"]\n":                                "enroll.header: every user of this machine",
		"listen = \"[::]:443\"\n" + pair:                                               "enroll.header: every user of this machine",
		"listen = \"[::]:443\"\n" + pair + "client_ca = \"" + certificate + "\"\n":     "enroll.client_ca: ",
		"listen = \"[::]:443\"\n" + pair + "client_names = [\"a\"]\n":                  "enroll.client_ca: ",
		"listen = \"[::]:443\"\n" + pair + strings.Replace(proxy, certificate, key, 1): "no certificate in PEM",
		"": "enroll.header: every user of this machine",
	} {
		_, _, err := loadText(t, "[enroll]\nurl = \"https://vpn.example.org/\"\nsign_in = [\"header\"]\n"+lines+"[enroll.header]\nname = \"X-Remote-User\"\n")
		if fault == "" && err != nil || fault != "" && (err == nil || !strings.Contains(err.Error(), fault)) {
			t.Errorf("%s\n%v", lines, err)
		}
	}
}

// A socket that systemd passes is held to the same.
func TestHeaderOnPassedSockets(t *testing.T) {
	t.Parallel()
	passed := func(file *os.File) sockets {
		s, err := takeSockets([]*os.File{file})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.enroll.Close() })
		return s
	}
	config, _, err := load("testdata/config/signin.good.toml")
	if err != nil {
		t.Fatal(err)
	}
	loopback, socket := passed(tcp(t, "enroll", "127.0.0.1:0")), passed(unixStream(t, "enroll"))
	if err := loopback.check(config); err == nil || !strings.Contains(err.Error(), "every user of this machine") {
		t.Errorf("loopback: %v", err)
	}
	if err := socket.check(config); err != nil {
		t.Errorf("a socket: %v", err)
	}
	config.Page.Proxies.UIDs = nil
	if err := socket.check(config); err == nil {
		t.Error("a socket of nobody's is taken")
	}
	config.Page.SignIn.Header = nil
	if err := loopback.check(config); err != nil {
		t.Errorf("without a header: %v", err)
	}
}

// The shipped examples of an identity provider and of a header are ones, once
// they are uncommented.
func TestShippedSignIn(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../packaging/vpn-otpd.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, examples, _ := strings.Cut(string(shipped), "#   [enroll.oidc]\n")
	examples, _, _ = strings.Cut(examples, "\n[notice]")
	text := "[enroll]\nlisten = \"unix:enroll.sock\"\nurl = \"https://vpn.example.org/2fa/\"\npeers = [\"root\"]\nsign_in = [\"oidc\", \"header\"]\n[enroll.oidc]\n"
	for _, line := range regexp.MustCompile(`(?m)^#   (\S.*)$`).FindAllStringSubmatch(examples, -1) {
		if !strings.HasPrefix(line[1], "client_secret_file") {
			text += line[1] + "\n"
		}
	}
	config, _, err := loadText(t, text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if signIn := config.Page.SignIn; signIn.ProviderLabel != "Example University" || signIn.Provider.NameClaim != "preferred_username" || signIn.Header.Separator != ";" {
		t.Errorf("%+v", signIn)
	}
}
