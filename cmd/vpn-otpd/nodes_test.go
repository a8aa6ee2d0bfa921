package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"

	"vpn-otpd/radiusd/client"
	"vpn-otpd/store"
	"vpn-otpd/store/postgres/postgrestest"
)

// startNodes runs several daemons over one database, with one key.
func startNodes(t testing.TB, location string, count int, configuration string) (nodes []*running) {
	t.Helper()
	key := filepath.Join(t.TempDir(), "store.key")
	for n := range count {
		text := fmt.Sprintf("node = \"node%d\"\n%s[store]\ndriver = \"postgres\"\nurl = %q\npath = \"vpn-otpd.sqlite\"\nkey_file = %q\n", n, configuration, location, key)
		d, err := tryDaemon(t, t.TempDir(), text)
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, d)
	}
	return nodes
}

func startPostgres(t testing.TB, settings ...string) *postgrestest.Server {
	t.Helper()
	server := postgrestest.Start(t, settings...)
	t.Cleanup(server.Stop)
	return server
}

// enrollWithPassword adds a user of the local passwords with the test's device.
func (d *running) enrollWithPassword(t testing.TB, name, password string) {
	t.Helper()
	d.enroll(t, name)
	if err := d.accounts.SetPassword(t.Context(), store.Actor{Name: "test"}, name, []byte(password)); err != nil {
		t.Fatal(err)
	}
}

// ask sends a request with more attributes and returns the reply.
func (d *running) ask(t testing.TB, user, field string, more ...*radius.AVP) *client.Reply {
	t.Helper()
	request := loginRequest(user, field)
	request.Attributes = append(request.Attributes, more...)
	reply, err := client.Exchange(t.Context(), d.target(), request)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func session(id string) *radius.AVP {
	return &radius.AVP{Type: rfc2866.AcctSessionID_Type, Attribute: radius.Attribute(id)}
}

// What one node has begun the other one ends; what counts at one counts at both.
func TestNodesShareLogins(t *testing.T) {
	t.Parallel()
	location := startPostgres(t, postgrestest.Fast...).Database(t)
	nodes := startNodes(t, location, 2, strings.Replace(pageHere, `mode = "code"`, `mode = "challenge"`, 1))
	one, other := nodes[0], nodes[1]
	one.enrollWithPassword(t, "alice", "correct-horse")
	t.Run("State", func(t *testing.T) {
		code := codeNow(t)
		challenge := one.ask(t, "alice", "correct-horse", session("S1"))
		if challenge.Code != radius.CodeAccessChallenge {
			t.Fatalf("%+v", challenge)
		}
		state, _ := challenge.Attributes.Lookup(rfc2865.State_Type)
		answer := []*radius.AVP{{Type: rfc2865.State_Type, Attribute: state}, session("S1")}
		if reply := other.ask(t, "alice", code, answer...); reply.Code != radius.CodeAccessAccept {
			t.Fatalf("the other node: %+v", reply)
		}
		// The client heard nothing and asks the first one again.
		if reply := one.ask(t, "alice", code, answer...); reply.Code != radius.CodeAccessAccept {
			t.Errorf("a repeat at the first node: %+v", reply)
		}
		if reply := one.ask(t, "alice", code, answer[0], session("S2")); reply.Code != radius.CodeAccessReject {
			t.Errorf("the State again in another session: %+v", reply)
		}
	})
	t.Run("Page", func(t *testing.T) {
		one.enrollNobody(t, "carol")
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		browser := http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
		page := func(response *http.Response, err error) string {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		page(browser.Get("http://" + one.page.address() + "/2fa/"))
		page(browser.PostForm("http://"+one.page.address()+"/2fa/signin", url.Values{"username": {"carol"}, "password": {"correct-horse"}}))
		if text := page(browser.Get("http://" + other.page.address() + "/2fa/")); !strings.Contains(text, "carol") {
			t.Errorf("signed in at one node, the other shows:\n%s", text)
		}
	})
	t.Run("Lock", func(t *testing.T) {
		one.enrollWithPassword(t, "bob", "correct-horse")
		for n := range 5 {
			challenge := nodes[n%2].ask(t, "bob", "correct-horse")
			state, _ := challenge.Attributes.Lookup(rfc2865.State_Type)
			nodes[(n+1)%2].ask(t, "bob", fmt.Sprintf("%06d", n), &radius.AVP{Type: rfc2865.State_Type, Attribute: state})
		}
		for _, node := range nodes {
			account, _, err := node.store.Account(t.Context(), "bob")
			if err != nil || !account.Lock.Until.After(time.Now()) {
				t.Errorf("after five wrong codes at two nodes: %+v, %v", account.Lock, err)
			}
		}
		challenge := other.ask(t, "bob", "correct-horse")
		state, _ := challenge.Attributes.Lookup(rfc2865.State_Type)
		if reply := one.ask(t, "bob", codeNow(t), &radius.AVP{Type: rfc2865.State_Type, Attribute: state}); reply.Code == radius.CodeAccessAccept {
			t.Error("a right code was accepted while it is locked")
		}
	})
	status, err := one.status(t.Context())
	if err != nil || status.Store.Driver != "postgres" || !status.Store.Healthy || status.Store.LatencySeconds <= 0 || !strings.HasPrefix(status.Store.Path, "127.0.0.1:") {
		t.Errorf("the status says %+v, %v", status.Store, err)
	}
	if len(status.Store.Doubts) != 1 || !strings.Contains(status.Store.Doubts[0], "fsync") {
		t.Errorf("doubts: %q", status.Store.Doubts)
	}
}

// enrollNobody adds a user who has a password and no device.
func (d *running) enrollNobody(t testing.TB, name string) {
	t.Helper()
	if _, err := d.accounts.AddUser(t.Context(), store.Actor{Name: "test"}, name, []byte("correct-horse")); err != nil {
		t.Fatal(err)
	}
}

// 64 requests with one code at once, half at each node: one accept.
func TestOneCodeAtTwoDaemons(t *testing.T) {
	t.Parallel()
	nodes := startNodes(t, startPostgres(t, postgrestest.Fast...).Database(t), 2, codeClient)
	for round := range 8 {
		user := fmt.Sprint("user", round)
		nodes[0].enroll(t, user)
		code := codeNow(t)
		var accepted atomic.Int32
		var all sync.WaitGroup
		for _, node := range nodes {
			all.Go(func() { accepted.Add(race(t, node.target(), user, code, 32)) })
		}
		all.Wait()
		if accepted.Load() != 1 {
			t.Errorf("round %d: %d accepts", round, accepted.Load())
		}
	}
}

// While clients log in at two nodes the database is killed and comes back: no
// code is accepted twice, and no login is lost that its client tries again.
func TestDatabaseKilledUnderLoad(t *testing.T) {
	t.Parallel()
	database := startPostgres(t)
	nodes := startNodes(t, database.Database(t), 2, codeClient)
	const users = 300
	for n := range users {
		nodes[0].enroll(t, fmt.Sprint("user", n))
	}
	logins := make(chan int)
	accepted := make([]string, users) // the code
	var all sync.WaitGroup
	for worker := range 16 {
		all.Go(func() {
			for n := range logins {
				accepted[n] = loginUntilAnswered(t, nodes, worker, fmt.Sprint("user", n))
			}
		})
	}
	for n := range users {
		if n == users/3 || n == 2*users/3 {
			database.Kill()
			database.Restart(t)
		}
		logins <- n
	}
	close(logins)
	all.Wait()
	for n, code := range accepted {
		if code == "" {
			t.Errorf("user%d wasn't accepted", n)
			continue
		}
		all.Go(func() {
			if reply := nodes[n%2].ask(t, fmt.Sprint("user", n), code, session("later")); reply.Code == radius.CodeAccessAccept {
				t.Errorf("user%d: the code was accepted again", n)
			}
		})
		if n%64 == 63 {
			all.Wait()
		}
	}
	all.Wait()
	chains, err := nodes[0].store.VerifyAudit(t.Context(), nil)
	for _, chain := range chains {
		if chain.Broken != 0 {
			t.Errorf("%+v", chain)
		}
	}
	if err != nil || len(chains) != 2 {
		t.Errorf("%d chains, %v", len(chains), err)
	}
}

// loginUntilAnswered logs a user in as a VPN server does that knows both nodes:
// the next one is asked when nobody answers. It returns the code that was accepted.
func loginUntilAnswered(t *testing.T, nodes []*running, first int, user string) (code string) {
	code = codeNow(t)
	request := loginRequest(user, code)
	request.Attributes = append(request.Attributes, session("of "+user))
	for try := range 20 {
		target := nodes[(first+try)%len(nodes)].target()
		target.Retransmission = client.Retransmission{First: time.Second, Count: 2, Total: 3 * time.Second}
		reply, err := client.Exchange(context.Background(), target, request)
		switch {
		case err != nil:
		case reply.Code == radius.CodeAccessAccept:
			return code
		default:
			t.Errorf("%s: %v", user, reply.Code)
			return ""
		}
	}
	return ""
}
