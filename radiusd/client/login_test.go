package client

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
)

// Two logins of two legs: State goes into the second leg only, the attributes
// into every one, and the password arrives with its NULs.
func TestLogin(t *testing.T) {
	t.Parallel()
	address, got := responder(t, func(n int, request []byte) [][]byte {
		if n%2 == 1 {
			return [][]byte{reply{code: radius.CodeAccessChallenge, attributes: append(text(24, "state"), text(18, "Enter: ")...)}.to(request)}
		}
		return [][]byte{reply{code: radius.CodeAccessAccept, attributes: append(text(24, "kept"), text(33, "proxy")...)}.to(request)}
	})
	login := Login{
		Conn: mustDial(t, Server{Address: address, Secret: secret, Retransmission: fast()}),
		User: "Alice", NASIdentifier: "nas", CallingStation: "192.0.2.1", Session: "S1", Attributes: text(5, "\x00\x00\x00\x07"),
	}
	want := map[radius.Type]string{1: "Alice", 32: "nas", 31: "192.0.2.1", 44: "S1", 5: "\x00\x00\x00\x07"}
	for leg, typed := range []string{"pass\x00word", "123456", "pass\x00word", "654321"} {
		answer, err := login.Answer(t.Context(), []byte(typed))
		if err != nil {
			t.Fatal(err)
		}
		packet, err := radius.Parse(got()[leg], secret)
		if err != nil {
			t.Fatal(err)
		}
		// In one block hide is its own reverse.
		hidden := packet.Get(rfc2865.UserPassword_Type)
		if plain := bytes.TrimRight(hide(hidden, secret, packet.Authenticator), "\x00"); string(plain) != typed {
			t.Errorf("leg %d: the password is %q", leg, plain)
		}
		if want[24] = ""; leg%2 == 1 {
			want[24] = "state"
		}
		for kind, value := range want {
			if sent := string(packet.Get(kind)); sent != value {
				t.Errorf("leg %d: attribute %d is %q, want %q", leg, kind, sent, value)
			}
		}
		if proxy := string(answer.Attributes.Get(33)); (proxy == "proxy") != (leg%2 == 1) {
			t.Errorf("leg %d: Proxy-State %q", leg, proxy)
		}
	}
}

// An answer that got no reply can be given again: its State is kept.
func TestStateOutlivesTimeout(t *testing.T) {
	t.Parallel()
	address, got := responder(t, func(n int, request []byte) [][]byte {
		if n == 1 {
			return [][]byte{reply{code: radius.CodeAccessChallenge, attributes: text(24, "state")}.to(request)}
		}
		return nil
	})
	login := Login{Conn: mustDial(t, Server{Address: address, Secret: secret, Retransmission: Retransmission{First: 30 * time.Millisecond, Count: 1}}), User: "alice"}
	for leg, want := range []error{nil, ErrTimeout, ErrTimeout} {
		if _, err := login.Answer(t.Context(), nil); !errors.Is(err, want) {
			t.Fatalf("leg %d: %v", leg, err)
		}
	}
	if packet, err := radius.Parse(got()[2], secret); err != nil || string(packet.Get(24)) != "state" {
		t.Errorf("%+v, %v", packet, err)
	}
}

// Status-Server carries a Message-Authenticator and no user (RFC 5997, section 3).
func TestStatus(t *testing.T) {
	t.Parallel()
	for code, right := range map[radius.Code]bool{
		radius.CodeAccessAccept: true, radius.CodeAccountingResponse: true,
		radius.CodeAccessReject: false, radius.CodeAccessChallenge: false,
	} {
		address, got := responder(t, func(_ int, request []byte) [][]byte {
			return [][]byte{reply{code: code}.to(request)}
		})
		rule := Retransmission{First: time.Second, Count: 1}
		if !right {
			rule.First = 30 * time.Millisecond
		}
		answer, err := Status(t.Context(), mustDial(t, Server{Address: address, Secret: secret, Retransmission: rule}))
		if (err == nil) != right || right && answer.Code != code {
			t.Errorf("%v: %+v, %v", code, answer, err)
		}
		if octets := got()[0]; octets[0] != 12 || octets[20] != 80 || len(octets) != 38 {
			t.Errorf("sent %x", octets)
		}
	}
}

// What a reply says, as people read it: nothing in it can drive a terminal.
func TestList(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind  radius.Type
		value string
		want  Attribute
	}{
		{1, "müller", Attribute{"User-Name", `"müller"`}},
		{1, "", Attribute{"User-Name", `""`}},
		{18, `a "b"`, Attribute{"Reply-Message", `"a \"b\""`}},
		{18, "\x1b[2J", Attribute{"Reply-Message", "0x1b5b324a"}},
		{18, "\xff", Attribute{"Reply-Message", "0xff"}},
		{27, "\x00\x00\x0e\x10", Attribute{"Session-Timeout", "3600"}},
		{27, "\x01", Attribute{"Session-Timeout", "0x01"}},
		{8, "\xc0\x00\x02\x01", Attribute{"Framed-IP-Address", "192.0.2.1"}},
		{8, "\x01", Attribute{"Framed-IP-Address", "0x01"}},
		{33, "p", Attribute{"Proxy-State", "0x70"}},
		{240, "\x01", Attribute{"Attribute-240", "0x01"}},
	} {
		got := (&Reply{Attributes: text(test.kind, test.value)}).List()
		if len(got) != 1 || got[0] != test.want {
			t.Errorf("%d %q: %v, want %v", test.kind, test.value, got, test.want)
		}
	}
}

// A challenge that another login got is answered with its State.
func TestResume(t *testing.T) {
	t.Parallel()
	address, got := responder(t, func(_ int, request []byte) [][]byte {
		return [][]byte{reply{code: radius.CodeAccessReject}.to(request)}
	})
	login := Login{Conn: mustDial(t, Server{Address: address, Secret: secret, Retransmission: fast()}), User: "alice"}
	login.Resume([]byte("\x00state"))
	for leg, want := range []string{"\x00state", ""} {
		if _, err := login.Answer(t.Context(), []byte("1234")); err != nil {
			t.Fatal(err)
		}
		if packet, err := radius.Parse(got()[leg], secret); err != nil || string(packet.Get(24)) != want {
			t.Errorf("leg %d: %+v, %v", leg, packet, err)
		}
	}
}
