package radiusd_test

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"

	"layeh.com/radius"

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
