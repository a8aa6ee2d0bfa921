package radiusd_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
)

func TestC8Challenge(t *testing.T) {
	t.Parallel()
	client := newWorld(t, nil).client("127.0.0.1")
	reply := client.ask(login(1, "challenge", testSecret, attribute(33, "p")))
	if reply.Code != radius.CodeAccessChallenge {
		t.Fatal(reply.Code)
	}
	if got := kinds(reply); !slices.Equal(got, []int{24, 18, 76, 33}) {
		t.Errorf("attributes %v", got)
	}
	if text := string(reply.Get(18)); text != "Code: " {
		t.Errorf("Reply-Message %q", text)
	}
	if echo := reply.Get(76); string(echo) != "\x00\x00\x00\x00" {
		t.Errorf("Prompt %x", []byte(echo))
	}
}

func TestC9StateReachesTheGateUnmodified(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		switch {
		case r.State == "":
			return access.Decision{Verdict: access.Challenge, State: "valid-1"}, nil
		case r.State == "valid-1" && r.Client.Name == "strict":
			return access.Decision{Verdict: access.Accept, User: "alice"}, nil
		}
		return access.Decision{Verdict: access.Reject, Reason: access.StateInvalid}, nil
	}
	at := w.serve("udp4", "127.0.0.1:0")
	strict, legacy := w.dial("127.0.0.1", at), w.dial("127.0.0.2", at)
	state := string(strict.ask(login(1, "password", testSecret)).Get(24))
	for i, c := range []struct {
		title, state string
		client       *nas
		want         radius.Code
	}{
		{"altered", "valid-0", strict, radius.CodeAccessReject},
		{"cut", state[:3], strict, radius.CodeAccessReject},
		{"with NUL", state + "\x00", strict, radius.CodeAccessReject},
		{"any octets", "\x00\xff\xfe", strict, radius.CodeAccessReject},
		{"another client's", state, legacy, radius.CodeAccessReject},
		{"right", state, strict, radius.CodeAccessAccept},
	} {
		reply := c.client.ask(login(byte(10+i), "123456", testSecret, attribute(24, c.state)))
		asked := w.gate.requests()
		if got := asked[len(asked)-1].State; reply.Code != c.want || got != c.state {
			t.Errorf("%s: %s, the gate saw %q", c.title, reply.Code, got)
		}
	}
}

func TestC10RejectGrantsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		return access.Decision{Verdict: access.Reject, Reason: access.Locked, User: "alice", State: "valid"}, nil
	}
	reply := w.client("127.0.0.1").ask(login(1, "x", testSecret, attribute(6, "\x00\x00\x00\x02"), attribute(33, "p"), attribute(24, "valid")))
	if got := kinds(reply); reply.Code != radius.CodeAccessReject || !slices.Equal(got, []int{18, 33}) {
		t.Errorf("%s with attributes %v", reply.Code, got)
	}
}

func TestC11UnknownAttributesAndOrderMeanNothing(t *testing.T) {
	t.Parallel()
	client := newWorld(t, nil).client("127.0.0.1")
	for i := range 50 {
		request := write(1, byte(i))
		attributes := [][]byte{
			attribute(1, "alice"), attribute(2, hide("accept", request[4:20], testSecret)), placeholder,
			attribute(0xF0, "garbage"), attribute(241, ""), attribute(242, "\x01"), attribute(245, "\x01\x80x"), attribute(246, "\xff"),
			attribute(26, "\x00"), attribute(26, "\x00\x00\x01\x37\x01\x00"), attribute(32, "one"), attribute(32, "two"), attribute(44, "s"), attribute(44, "t"),
		}
		rand.Shuffle(len(attributes), func(a, b int) { attributes[a], attributes[b] = attributes[b], attributes[a] })
		shuffled := write(1, byte(i), attributes...)
		copy(shuffled[4:20], request[4:20])
		if reply := client.ask(sign(shuffled, testSecret)); reply.Code != radius.CodeAccessAccept {
			t.Fatalf("order %d: %s", i, reply.Code)
		}
	}
}

func TestC12BrokenAttributesGetNothing(t *testing.T) {
	t.Parallel()
	client := newWorld(t, nil).client("127.0.0.2")
	for title, broken := range map[string][]byte{
		"length 0":       {18, 0},
		"length 1":       {18, 1, 0},
		"beyond the end": {18, 5, 'x'},
		"a stray octet":  {18},
		"type 0":         {0, 3, 'x'},
		"overflow":       {18, 255, 'x', 'x'},
	} {
		t.Run(title, func(t *testing.T) {
			client.silent(unsigned(1, "accept", testSecret, broken), "attribute")
		})
	}
	many := make([][]byte, 199)
	for i := range many {
		many[i] = attribute(25, "")
	}
	client.silent(unsigned(2, "accept", testSecret, many...), "attribute")
	if reply := client.ask(unsigned(3, "accept", testSecret, many[:198]...)); reply.Code != radius.CodeAccessAccept {
		t.Errorf("200 attributes: %s", reply.Code)
	}
}

func TestC13WrongSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at := w.serve("udp4", "127.0.0.1:0")
	for _, from := range []string{"127.0.0.1", "127.0.0.2"} {
		w.dial(from, at).silent(login(1, "accept", "another secret"), "message_authenticator_wrong")
	}
	if len(w.gate.requests()) != 0 {
		t.Fatal("the gate was asked")
	}
	// A legacy client's password comes out as noise.
	legacy := w.dial("127.0.0.2", at)
	if reply := legacy.ask(unsigned(2, "accept", "another secret")); reply.Code != radius.CodeAccessReject {
		t.Error(reply.Code)
	}
	if asked := w.gate.requests(); len(asked) != 1 || string(asked[0].Password) == "accept" {
		t.Errorf("the gate was asked %+v", asked)
	}
	if !strings.Contains(w.log.String(), "same secret") {
		t.Error("the log doesn't say what is wrong")
	}
}

func TestC14StateIsTheGatesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	state := strings.Repeat("Az09-_xy", 8)
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		if string(r.Password) == "without" {
			return access.Decision{Verdict: access.Challenge}, nil
		}
		return access.Decision{Verdict: access.Challenge, State: state}, nil
	}
	client := w.client("127.0.0.1")
	if got := string(client.ask(login(1, "x", testSecret)).Get(24)); got != state {
		t.Errorf("State %q", got)
	}
	client.silent(login(2, "without", testSecret), "fault") // the server makes none up
}
