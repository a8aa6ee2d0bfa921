package radiusd_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

func TestClientsLongestPrefix(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	wide, narrow := testClients()[1], testClients()[1]
	wide.Name, wide.Networks = "wide", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::/0")}
	narrow.Name, narrow.Networks = "narrow", []netip.Prefix{netip.MustParsePrefix("::ffff:127.0.0.0/126"), netip.MustParsePrefix("::1/128")}
	w.server.SetClients(table(t, wide, narrow))
	at := w.serve("udp", "[::]:0")
	for i, c := range []struct{ from, want string }{{"127.0.0.3", "narrow"}, {"127.0.0.4", "wide"}, {"127.9.9.9", "wide"}, {"::1", "narrow"}} {
		to := *at
		to.IP = []byte{127, 0, 0, 1}
		if c.from == "::1" {
			to.IP = make([]byte, 16)
			to.IP[15] = 1
		}
		w.dial(c.from, &to).ask(login(byte(i), "accept", testSecret))
		asked := w.gate.requests()
		if got := asked[len(asked)-1].Client.Name; got != c.want {
			t.Errorf("%s is %s", c.from, got)
		}
	}
}

func TestClientsFaultsAreNamed(t *testing.T) {
	t.Parallel()
	one, two := testClients()[0], testClients()[1]
	two.Networks = []netip.Prefix{netip.MustParsePrefix("::ffff:127.0.0.1/128")}
	nothing := radiusd.Client{}
	twin := testClients()[2]
	twin.Name = "strict"
	_, err := radiusd.NewTable([]radiusd.Client{one, two, nothing, twin})
	if err == nil {
		t.Fatal("taken")
	}
	for _, fault := range []string{`"strict" and "legacy" have the same network 127.0.0.1/32`, "no name", "no secret", "no network", `two RADIUS clients have the name "strict"`} {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("%q is not in: %s", fault, err)
		}
	}
}

func TestClientsAreReplacedWhileRequestsAreUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	entered, leave := make(chan bool), make(chan bool)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		entered <- true
		<-leave
		return access.Decision{Verdict: access.Accept}, nil
	}
	client := w.client("127.0.0.1")
	request := login(1, "x", testSecret)
	client.send(request)
	<-entered
	other := testClients()[0]
	other.Secret = []byte("the next secret of this client")
	w.server.SetClients(table(t, other))
	close(leave)
	client.reply(request) // signed with the secret of the request
	client.silent(login(2, "x", testSecret), "message_authenticator_wrong")
	if clients := w.server.Snapshot().Clients; len(clients) != 1 || clients[0].Requests != 1 {
		t.Errorf("%+v", clients)
	}
}
