package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/client"
	"vpn-otpd/store"
)

// accountingClient is codeClient with a port for accounting.
var accountingClient = strings.Replace(codeClient, `listen = ["127.0.0.1:0"]`, `listen = ["127.0.0.1:0"]
accounting_listen = ["127.0.0.1:0"]`, 1)

// accountingTarget is where the daemon hears who is connected. It is asked often.
func (d *running) accountingTarget() client.Server {
	return client.Server{Address: d.accounting.sockets[0].LocalAddr().String(), Secret: []byte(testSecret),
		Retransmission: client.Retransmission{First: 100 * time.Millisecond, Longest: 100 * time.Millisecond, Total: time.Second}}
}

// connects is alice's start on a NAS.
func connects(session string) client.Request {
	return client.Request{Code: radius.CodeAccountingRequest, Attributes: radius.Attributes{
		{Type: 40, Attribute: radius.NewInteger(1)}, {Type: 32, Attribute: radius.Attribute("nas1")},
		{Type: 44, Attribute: radius.Attribute(session)}, {Type: 1, Attribute: radius.Attribute("Alice")},
	}}
}

func TestAccountingOfTheDaemon(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, accountingClient+"[metrics]\nlisten = \"127.0.0.1:0\"\n")
	d.enroll(t, "alice")
	reply, err := client.Exchange(t.Context(), d.accountingTarget(), connects("S1"))
	if err != nil || reply.Code != radius.CodeAccountingResponse {
		t.Fatalf("%+v, %v", reply, err)
	}
	found, err := d.accounting.connections.List(t.Context(), store.ConnectionQuery{Limit: 10})
	if err != nil || len(found) != 1 || found[0].User != "alice" || found[0].Client != "nas" || found[0].NAS != "nas1" {
		t.Errorf("%+v, %v", found, err)
	}
	alive, err := client.Exchange(t.Context(), d.accountingTarget(), client.Request{Code: radius.CodeStatusServer})
	if err != nil || alive.Code != radius.CodeAccountingResponse {
		t.Errorf("Status-Server: %+v, %v", alive, err)
	}
	if _, err := client.Exchange(t.Context(), d.accountingTarget(), loginRequest("alice", codeNow(t))); !errors.Is(err, client.ErrTimeout) {
		t.Errorf("a login on the accounting port: %v", err)
	}
	status, err := d.status(t.Context())
	if err != nil || !strings.Contains(strings.Join(status.Listeners, ","), "accounting udp "+d.accountingTarget().Address) || status.Counters["accounting_answered_recorded"] != 1 {
		t.Errorf("%+v, %v", status, err)
	}
	_, body := get(t, "tcp", d.metrics.address(), "/metrics")
	for _, line := range []string{`vpn_otpd_accounting_answers_total{kind="recorded"} 1`, `vpn_otpd_accounting_client_requests_total{client="nas"} 2`,
		`vpn_otpd_accounting_drops_total{cause="code"} `, `vpn_otpd_radius_drops_total{cause="code"} 0`} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("no line %s in\n%s", line, body)
		}
	}
}

// A reload takes clients and the time to keep; the addresses need a restart.
func TestAccountingAfterAReload(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, accountingClient)
	path := filepath.Join(d.folder, "vpn-otpd.toml")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(testSecret, "another secret for tests", `accounting_listen = ["127.0.0.1:0"]`, "accounting_listen = []\naccounting_keep = \"24h\"").Replace(string(content))
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	warnings, err := d.reload(t.Context())
	if err != nil || !slices.Contains(warnings, "radius.accounting_listen has changed and needs a restart") {
		t.Errorf("%v, %v", warnings, err)
	}
	target := d.accountingTarget()
	if _, err := client.Exchange(t.Context(), target, connects("S1")); !errors.Is(err, client.ErrTimeout) {
		t.Errorf("by the old secret: %v", err)
	}
	target.Secret = []byte("another secret for tests")
	if _, err := client.Exchange(t.Context(), target, connects("S1")); err != nil {
		t.Errorf("by the new one: %v", err)
	}
	if keep := d.current().Settings.AccountingKeep; keep != day {
		t.Errorf("kept for %s", keep)
	}
}

// Without its store it says nothing, so that the client keeps what it has to tell.
func TestAccountingWithoutAStore(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, accountingClient)
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, request := range []client.Request{connects("S1"), {Code: radius.CodeStatusServer}} {
		if reply, err := client.Exchange(t.Context(), d.accountingTarget(), request); !errors.Is(err, client.ErrTimeout) {
			t.Errorf("%s: %+v, %v", request.Code, reply, err)
		}
	}
}

// A passed socket is enough.
func TestAccountingOnAPassedSocket(t *testing.T) {
	t.Parallel()
	configuration, _, _, _, files := activatedSockets(t)
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	file := named(t, "accounting", conn, err)
	defer file.Close()
	defer conn.Close()
	p := activate(t, configuration, []string{"radius", "enroll", "admin", "accounting"}, append(files, file))
	if line := p.ready(); !strings.Contains(line, "accounting="+conn.LocalAddr().String()) {
		t.Error(line)
	}
	reply, err := client.Exchange(t.Context(), client.Server{Address: conn.LocalAddr().String(), Secret: []byte(testSecret)}, connects("S1"))
	if err != nil || reply.Code != radius.CodeAccountingResponse {
		t.Errorf("%+v, %v", reply, err)
	}
}
