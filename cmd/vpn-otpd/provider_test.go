package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

const (
	providerSecret   = "a secret of the client"
	providerPassword = "a password elsewhere"
)

// people are the users of an identity provider, each under the own name.
type people map[string]*storage.User

func (p people) GetUserByID(id string) *storage.User         { return p[id] }
func (p people) GetUserByUsername(name string) *storage.User { return p[name] }
func (p people) ExampleClientID() string                     { return "nobody" }

// startProvider runs an OpenID Connect provider at a port of loopback until the
// test ends. It knows the page by its address.
func startProvider(t *testing.T, port, page string, names ...string) {
	t.Helper()
	known := make(people)
	for _, name := range names {
		known[name] = &storage.User{ID: name, Username: name, Password: providerPassword, Email: name + "@example.org"}
	}
	kept := storage.NewStorageWithClients(known, map[string]*storage.Client{
		"vpn-otpd": storage.WebClient("vpn-otpd", providerSecret, page+returnPath),
	})
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{
		Handler: exampleop.SetupServer(providerAt(port), kept, nil, false),
	}}
	server.Start()
	t.Cleanup(server.Close)
}

// providerAt is its name. Another site than the page's, which is at localhost.
func providerAt(port string) string { return "http://127.0.0.1:" + port + "/" }

// signInThere are the lines for sign-in at a provider, in the section enroll.
func signInThere(port string, lines ...string) []string {
	return append([]string{
		`sign_in = ["oidc"]`, "[enroll.oidc]", `issuer = "` + providerAt(port) + `"`, `client_id = "vpn-otpd"`,
		`client_secret = "` + providerSecret + `"`, `label = "Example University"`,
	}, lines...)
}
