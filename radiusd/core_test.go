package radiusd_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

func TestC1StrangersGetNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	stranger := w.client("127.0.0.9")
	for range 3 {
		stranger.silent(login(1, "accept", testSecret), "unknown_client")
	}
	if lines := strings.Count(w.log.String(), "no client's"); lines != 1 {
		t.Errorf("%d lines in the log for one minute:\n%s", lines, w.log)
	}
	if len(w.gate.requests()) != 0 {
		t.Error("the gate was asked")
	}
}

func TestC2Length(t *testing.T) {
	t.Parallel()
	client := newWorld(t, nil).client("127.0.0.1")
	client.silent(write(1, 1)[:19], "length")
	client.silent([]byte{1}, "length")
	for _, length := range []uint16{0, 19, 21, 4097, 65535} {
		packet := write(1, 1)
		binary.BigEndian.PutUint16(packet[2:4], length)
		client.silent(packet, "length")
	}
	tooLong := append(write(1, 1), make([]byte, 4077)...)
	binary.BigEndian.PutUint16(tooLong[2:4], uint16(len(tooLong)))
	client.silent(tooLong, "length")
	for i, padding := range []int{1, 7, 5000} {
		request := login(byte(i), "accept", testSecret)
		if reply := client.ask(append(slices.Clip(request), make([]byte, padding)...)); reply.Code != radius.CodeAccessAccept {
			t.Errorf("%d octets of padding: %s", padding, reply.Code)
		}
	}
}

func TestC3OtherCodesGetNothing(t *testing.T) {
	t.Parallel()
	client := newWorld(t, nil).client("127.0.0.1")
	for _, code := range []byte{0, 2, 3, 4, 5, 11, 13, 40, 43, 52, 255} {
		packet := login(7, "accept", testSecret)
		packet[0] = code
		clear(packet[len(packet)-16:])
		client.silent(sign(packet, testSecret), "code")
	}
}

func TestC4AnswersFromTheAddressAsked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ network, listen, from, ask string }{
		{"udp4", "127.0.0.1:0", "127.0.0.1", "127.0.0.1"},
		{"udp4", "0.0.0.0:0", "127.0.0.1", "127.0.0.2"},
		{"udp4", "0.0.0.0:0", "127.0.0.1", "127.1.2.3"},
		{"udp", "[::]:0", "127.0.0.1", "127.0.0.2"}, // IPv4-mapped
		{"udp", "[::]:0", "::1", "::1"},
		{"udp6", "[::]:0", "::1", "::1"},
		{"udp6", "[::1]:0", "::1", "::1"},
	} {
		t.Run(c.network+" "+c.listen+" asked at "+c.ask, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			to := &net.UDPAddr{IP: net.ParseIP(c.ask), Port: w.serve(c.network, c.listen).Port}
			if reply := w.dial(c.from, to).ask(login(200, "accept", testSecret)); reply.Code != radius.CodeAccessAccept {
				t.Error(reply.Code)
			}
		})
	}
}

func TestC5OneUserAndOneKindOfCredentials(t *testing.T) {
	t.Parallel()
	name, chap := attribute(1, "alice"), attribute(3, "\x01"+strings.Repeat("x", 16))
	password, eap := attribute(2, strings.Repeat("x", 16)), attribute(79, "\x02\x05\x00\x0a\x01alice")
	state := attribute(24, "valid-state")
	for _, c := range []struct {
		title      string
		attributes [][]byte
		unknown    bool // a method we don't know
	}{
		{"nothing", nil, false},
		{"no name", [][]byte{password}, false},
		{"empty name", [][]byte{attribute(1, ""), password}, false},
		{"no password", [][]byte{name}, false},
		{"State only", [][]byte{name, state}, false},
		{"CHAP", [][]byte{name, chap}, true},
		{"EAP", [][]byte{name, eap}, true},
		{"PAP and CHAP", [][]byte{name, password, chap}, false},
		{"PAP and EAP", [][]byte{name, password, eap}, false},
		{"CHAP and EAP", [][]byte{name, chap, eap}, false},
		{"two names", [][]byte{name, name, password}, false},
		{"two passwords", [][]byte{name, password, password}, false},
		{"two States", [][]byte{name, password, state, state}, false},
		{"an empty and a full State", [][]byte{name, password, attribute(24, ""), state}, false},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
				return access.Decision{Verdict: access.Accept, Reason: access.TOTPAccepted}, nil
			}
			request := sign(write(1, 9, append(c.attributes, placeholder)...), testSecret)
			if reply := w.client("127.0.0.1").ask(request); reply.Code != radius.CodeAccessReject {
				t.Error(reply.Code)
			}
			if len(w.gate.requests()) != 0 {
				t.Error("the gate was asked")
			}
			reason := access.RequestMalformed
			if c.unknown {
				reason = access.MethodUnsupported
			}
			if w.server.Snapshot().Refused[string(reason)] != 1 || !strings.Contains(w.log.String(), string(reason)) {
				t.Errorf("not counted and logged as %s: %s", reason, w.log)
			}
		})
	}
}

func TestC6Passwords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	client := w.client("127.0.0.1")
	identifier := byte(0)
	long := strings.Repeat("0123456789abcdef", 8)
	for _, password := range []string{"", "x", long[:15], long[:16], long[:17], long[:127], long, "good\x00evil", "\x00", "\x00x", "pässwörd"} {
		identifier++
		client.ask(login(identifier, password, testSecret))
		asked := w.gate.requests()
		if got, want := string(asked[len(asked)-1].Password), strings.TrimRight(password, "\x00"); got != want {
			t.Errorf("%q was read as %q", want, got)
		}
	}
	before := len(w.gate.requests())
	for _, length := range []int{0, 1, 15, 17, 127, 129, 144, 253} {
		identifier++
		request := write(1, identifier, attribute(1, "alice"), attribute(2, long[:min(length, 128)]+strings.Repeat("x", max(0, length-128))), placeholder)
		if reply := client.ask(sign(request, testSecret)); reply.Code != radius.CodeAccessReject {
			t.Errorf("length %d: %s", length, reply.Code)
		}
	}
	if len(w.gate.requests()) != before {
		t.Error("the gate was asked about a broken password")
	}
}

func TestC7ProxyStatesComeBackInOrder(t *testing.T) {
	t.Parallel()
	client := newWorld(t, nil).client("127.0.0.1")
	want := []string{"a", "\x00b\xff", "", "a"}
	for i, password := range []string{"accept", "reject", "challenge"} {
		reply := client.ask(login(byte(i), password, testSecret, attribute(33, want[0]), attribute(32, "nas"),
			attribute(33, want[1]), attribute(33, want[2]), attribute(25, "class"), attribute(33, want[3])))
		var got []string
		for _, a := range reply.Attributes {
			if a.Type == 33 {
				got = append(got, string(a.Attribute))
			} else if a.Type == 32 || a.Type == 25 {
				t.Errorf("%s echoes attribute %d", password, a.Type)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", password, got)
		}
	}
}

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

func TestGateErrorsGetNoAnswerAndAnotherChance(t *testing.T) {
	t.Parallel()
	for cause, failure := range map[string]error{
		"busy": access.ErrBusy, "backend": access.ErrBackend, "store": access.ErrStore, "fault": errors.New("anything else"),
	} {
		t.Run(cause, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			var failing atomic.Bool
			failing.Store(true)
			w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
				if failing.Load() {
					return access.Decision{Verdict: access.Accept}, failure
				}
				return access.Decision{Verdict: access.Accept}, nil
			}
			client := w.client("127.0.0.1")
			request := login(1, "x", testSecret)
			client.silent(request, cause)
			failing.Store(false)
			if reply := client.ask(request); reply.Code != radius.CodeAccessAccept {
				t.Error(reply.Code)
			}
		})
	}
}

func TestUnknownVerdictIsNoAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) { return access.Decision{}, nil }
	w.client("127.0.0.1").silent(login(1, "x", testSecret), "fault")
}

func TestPanicCostsOneRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) { o.Workers = 1 })
	var broken atomic.Bool
	broken.Store(true)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		if broken.Load() {
			panic("broken")
		}
		return access.Decision{Verdict: access.Accept}, nil
	}
	client := w.client("127.0.0.1")
	request := login(1, "x", testSecret)
	client.silent(request, "panic")
	broken.Store(false)
	if reply := client.ask(request); reply.Code != radius.CodeAccessAccept {
		t.Error(reply.Code)
	}
	if !strings.Contains(w.log.String(), "goroutine") {
		t.Error("no stack in the log")
	}
}
