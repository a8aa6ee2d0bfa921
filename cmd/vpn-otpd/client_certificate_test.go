package main

import (
	"crypto/tls"
	"io"
	"net/http"
	"testing"

	"vpn-otpd/enroll/signin/header"
)

// A proxy elsewhere is known by its certificate: by who made it, and by its name.
// Browsers, who have none, come as before.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	page, pageKey := writePair(t, t.TempDir(), "page")
	proxy, proxyKey := writePair(t, t.TempDir(), "proxy") // its name is vpn.example.org
	stranger, strangerKey := writePair(t, t.TempDir(), "stranger")
	for _, test := range []struct {
		certificate, key, name, want string
	}{
		{proxy, proxyKey, "vpn.example.org", "trusted"},
		{proxy, proxyKey, "proxy.example.org", "not trusted"},
		{"", "", "vpn.example.org", "not trusted"},
		{stranger, strangerKey, "vpn.example.org", ""}, // no connection
	} {
		proxies := header.Proxies{Names: []string{test.name}}
		p := startPage(t, PageConfig{Certificate: page, Key: pageKey, ClientCA: proxy}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, map[bool]string{true: "trusted", false: "not trusted"}[proxies.Trusts(r)])
		}))
		config := &tls.Config{InsecureSkipVerify: true}
		if test.certificate != "" {
			pair, err := tls.LoadX509KeyPair(test.certificate, test.key)
			if err != nil {
				t.Fatal(err)
			}
			// Whatever authorities the page names: a stranger would do so too.
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		if said := askOverTLS(t, p.address(), config); said != test.want {
			t.Errorf("%+v: %q", test, said)
		}
	}
}

// askOverTLS returns what the page says, "" where it doesn't take the connection.
func askOverTLS(t *testing.T, address string, config *tls.Config) string {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport, Timeout: patience}).Get("https://" + address + "/")
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}
