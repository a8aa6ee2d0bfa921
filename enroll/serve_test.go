package enroll

import (
	"flag"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"testing"

	"vpn-otpd/radiusd/access"
)

var serveAddress = flag.String("serve", "", "an address to serve the page on, with a fake user: alice, "+fakePassword+", "+fakeCode)

// TestServe serves the page until it is interrupted, to look at it:
// go test -run TestServe -timeout 0 -serve 127.0.0.1:8080
func TestServe(t *testing.T) {
	if *serveAddress == "" {
		t.Skip("no address to serve on")
	}
	w := newWorld(t, func(o *Options) { o.URL = &url.URL{Scheme: "http", Host: *serveAddress, Path: "/2fa/"} })
	w.standing.Policy = access.StandingEnforced
	listener, err := net.Listen("tcp", *serveAddress)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: w.handler}
	defer server.Close()
	go func() { _ = server.Serve(listener) }()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	<-interrupted
}
