package radiusd_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/prompt"
)

func TestE2EAPIsRejectedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	client := w.client("127.0.0.1")
	long := strings.Repeat("x", 253)
	for title, c := range map[string]struct {
		attributes [][]byte
		identifier byte
	}{
		"identity":          {[][]byte{attribute(79, "\x02\x2a\x00\x0a\x01alice")}, 0x2a},
		"in two attributes": {[][]byte{attribute(79, "\x02"), attribute(79, "\x2b\x01\x00"+long[:249])}, 0x2b},
		"EAP-Start":         {[][]byte{attribute(79, "")}, 0},
	} {
		t.Run(title, func(t *testing.T) {
			request := sign(write(1, c.identifier, append(c.attributes, attribute(1, "alice"), attribute(33, "p"), placeholder)...), testSecret)
			reply := client.ask(request)
			if got := kinds(reply); reply.Code != radius.CodeAccessReject || !slices.Equal(got, []int{79, 33}) {
				t.Errorf("%s with %v", reply.Code, got)
			}
			if got := string(reply.Get(79)); got != string([]byte{4, c.identifier, 0, 4}) {
				t.Errorf("EAP-Message %x", got)
			}
		})
	}
	if len(w.gate.requests()) != 0 {
		t.Error("the gate was asked")
	}
}

// talkative has a text for everything.
type talkative struct{ text string }

func (p talkative) Text(prompt.Style, access.Decision) string { return p.text }

func TestE3NoReplyMessageBesideEAPMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) { o.Prompter = talkative{"No."} })
	client := w.client("127.0.0.1")
	eap := attribute(79, "\x02\x01\x00\x05\x01")
	for i, request := range [][]byte{
		write(1, 1, attribute(1, "alice"), eap, placeholder),
		write(1, 2, attribute(1, "alice"), attribute(2, strings.Repeat("x", 16)), eap, placeholder),
	} {
		if got := kinds(client.ask(sign(request, testSecret))); !slices.Equal(got, []int{79}) {
			t.Errorf("%d: attributes %v", i, got)
		}
	}
	if got := kinds(client.ask(login(3, "reject", testSecret))); !slices.Equal(got, []int{18}) {
		t.Errorf("without EAP: attributes %v", got)
	}
	if got := kinds(client.ask(login(4, "accept", testSecret))); !slices.Equal(got, []int{1}) {
		t.Errorf("an accept with a text: attributes %v", got)
	}
}

func TestF1AttributesOfInvalidLengthAreAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	client := w.client("127.0.0.1")
	for i, c := range []struct {
		title      string
		attributes [][]byte
		want       access.Request
	}{
		{"right", [][]byte{attribute(5, "\xff\x00\x00\x01"), attribute(44, "s1"), attribute(32, "nas"), attribute(31, "10.0.0.1[34161]")},
			access.Request{NASPort: "4278190081", SessionID: "s1", NASIdentifier: "nas", CallingStation: "10.0.0.1[34161]"}},
		{"port zero", [][]byte{attribute(5, "\x00\x00\x00\x00")}, access.Request{NASPort: "0"}},
		{"short port and address", [][]byte{attribute(5, "\x00\x00\x01"), attribute(4, "\x7f\x00\x00")}, access.Request{}},
		{"long port", [][]byte{attribute(5, "\x00\x00\x00\x00\x01")}, access.Request{}},
		{"empty texts", [][]byte{attribute(44, ""), attribute(32, ""), attribute(31, ""), attribute(24, "")}, access.Request{}},
		{"raw texts", [][]byte{attribute(44, "\x00\xff"), attribute(32, "é\x00")}, access.Request{SessionID: "\x00\xff", NASIdentifier: "é\x00"}},
	} {
		client.ask(login(byte(i), "accept", testSecret, c.attributes...))
		asked := w.gate.requests()
		got := asked[len(asked)-1]
		if got.UserName != "alice" || string(got.Password) != "accept" || got.Client.Name != "strict" || got.Arrived.IsZero() {
			t.Errorf("%s: %+v", c.title, got)
		}
		if got.NASPort != c.want.NASPort || got.SessionID != c.want.SessionID || got.NASIdentifier != c.want.NASIdentifier ||
			got.CallingStation != c.want.CallingStation || got.State != "" {
			t.Errorf("%s: %+v", c.title, got)
		}
	}
}

func TestF3FullReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) { o.Prompter = talkative{"A text that has no room left: "} })
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		return access.Decision{Verdict: access.Verdict(r.Password), User: "a.name.that.has.no.room.left", State: "valid"}, nil
	}
	at := w.serve("udp4", "127.0.0.1:0")
	client := w.dial("127.0.0.1", at)
	// As many Proxy-States as the request holds: name 7, password 18, MA 18.
	fill := func(octets int) (states [][]byte) {
		for octets > 0 {
			length := min(octets, 255)
			if rest := octets - length; rest == 1 {
				length--
			}
			states = append(states, attribute(33, strings.Repeat("p", length-2)))
			octets -= length
		}
		return states
	}
	for i, password := range []string{"accept", "reject", "challenge"} {
		request := login(byte(i), password, testSecret, fill(4096-20-7-18-18)...)
		reply := client.ask(request)
		if len(request) != 4096 || reply.Code != radius.CodeAccessReject || slices.ContainsFunc(kinds(reply), func(kind int) bool { return kind != 33 }) {
			t.Errorf("%s: %s with %v", password, reply.Code, kinds(reply))
		}
	}
	// Not even the Message-Authenticator fits.
	legacy := w.dial("127.0.0.2", at)
	legacy.silent(write(1, 9, fill(4096-20)...), "reply_too_large")
}

func TestAnswersThatNoAttributeHoldsAreRejects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	long := strings.Repeat("x", 254)
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		return access.Decision{Verdict: access.Verdict(r.Password), User: long, State: long}, nil
	}
	client := w.client("127.0.0.1")
	for i, verdict := range []access.Verdict{access.Accept, access.Challenge} {
		if reply := client.ask(login(byte(i), string(verdict), testSecret)); reply.Code != radius.CodeAccessReject || len(kinds(reply)) != 0 {
			t.Errorf("%s: %s with %v", verdict, reply.Code, kinds(reply))
		}
	}
}

func TestLongTextIsSplitBetweenCharacters(t *testing.T) {
	t.Parallel()
	text := "a" + strings.Repeat("ü", 300)
	client := newWorld(t, func(o *radiusd.Options) { o.Prompter = talkative{text} }).client("127.0.0.1")
	var got string
	for _, a := range client.ask(login(1, "challenge", testSecret)).Attributes {
		if a.Type == 18 {
			if !utf8.Valid(a.Attribute) {
				t.Error("a character is cut")
			}
			got += string(a.Attribute)
		}
	}
	if got != text {
		t.Errorf("%q", got)
	}
}
