package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"vpn-otpd/radiusd/client"
)

// get asks a server of metrics.
func get(t *testing.T, network, address, path string) (status int, body string) {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("http://metrics" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// After a login the metrics tell of it, and they are as Prometheus wants them.
func TestMetricsOfALogin(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient+"[metrics]\nlisten = \"127.0.0.1:0\"\n")
	d.enroll(t, "alice")
	if _, err := client.Exchange(t.Context(), d.target(), loginRequest("alice", codeNow(t))); err != nil {
		t.Fatal(err)
	}
	status, body := get(t, "tcp", d.metrics.address(), "/metrics")
	for _, line := range []string{
		`vpn_otpd_decisions_total{client="nas",reason="totp_accepted",verdict="accept"} 1`,
		`vpn_otpd_decision_seconds_count 1`,
		`vpn_otpd_decision_seconds_bucket{le="+Inf"} 1`,
		`vpn_otpd_radius_answers_total{kind="accept"} 1`,
		`vpn_otpd_radius_drops_total{cause="unknown_client"} 0`,
		`vpn_otpd_radius_client_requests_total{client="nas"} 1`,
		`vpn_otpd_users 1`,
		`vpn_otpd_enrolled_users 1`,
		`vpn_otpd_build_info{version="devel"} 1`,
		`vpn_otpd_locks_total 0`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if status != http.StatusOK || strings.Contains(body, "alice") {
		t.Errorf("status %d, or a user's name among\n%s", status, body)
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "vpn_otpd_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// The health follows the store; a unix socket serves as well as an address.
func TestHealth(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient+"[metrics]\nlisten = \"unix:metrics.sock\"\n")
	socket := filepath.Join(d.folder, "metrics.sock")
	if status, body := get(t, "unix", socket, "/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := get(t, "unix", socket, "/other"); status != http.StatusNotFound {
		t.Errorf("another path: %d", status)
	}
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	if status, body := get(t, "unix", socket, "/healthz"); status != http.StatusServiceUnavailable {
		t.Errorf("without a store: %d %s", status, body)
	}
}

func TestStatusOfTheClock(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	s, err := d.status(t.Context())
	if err != nil || s.Clock.Sync == "" {
		t.Errorf("%+v, %v", s.Clock, err)
	}
}
