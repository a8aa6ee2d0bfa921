package upstream

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
)

// large are n attributes of the greatest length.
func large(n int) (attributes []*radius.AVP) {
	for range n {
		attributes = append(attributes, text(25, strings.Repeat("x", maxValue)))
	}
	return attributes
}

func TestName(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"":                  "alice",
		"Alice@example.org": "Alice@example.org",
		"\xff":              "alice",
	} {
		u := newUpstream(t, Options{}, newFake(t, says(accept(text(1, sent)))))
		if identity, err := u.Verify(t.Context(), alice()); err != nil || identity.Name != want {
			t.Errorf("%q: %q, %v", sent, identity.Name, err)
		}
	}
	u := newUpstream(t, Options{}, newFake(t, says(accept())))
	if identity, err := u.Verify(t.Context(), alice()); err != nil || !reflect.DeepEqual(identity, access.Identity{Name: "alice"}) {
		t.Errorf("%+v, %v", identity, err)
	}
}

// Attributes come in their order, without those of the hop and ours.
func TestAttributes(t *testing.T) {
	t.Parallel()
	keys := "\x00\x00\x01\x37"
	sent := []*radius.AVP{
		text(1, "alice"), text(25, "class"), text(18, "Welcome"), text(24, "state"), text(33, "proxy"), text(76, "\x00\x00\x00\x01"),
		text(26, keys+"\x10\x04ab"), text(26, keys+"\x11\x04ab"), text(26, keys+"\x01\x03a\x10\x03b"), text(26, keys+"\x0c\x03a"),
		text(26, keys+"\x01\x03a"), text(26, keys+"\x01\x09a"), text(26, keys), text(26, "\x00"), text(26, keys+"\x01\x03a\x00"),
		text(26, "\x00\x00\x00\x09\x01\x07avpair"), text(26, "\x00\x00\x01\xad\x00\x00\x00\x10\x01"),
		text(69, "\x00\x80\x01secret"), text(79, "\x03\x01\x00\x04"), text(101, "\x00\x00\x01\x95"), text(241, "\x01\x02"), text(11, ""),
		text(27, "\x00\x00\x0e\x10"), text(25, "another"), text(0, "x"),
	}
	want := []access.Attribute{
		{Type: 25, Value: []byte("class")}, {Type: 26, Value: []byte(keys + "\x01\x03a")},
		{Type: 26, Value: []byte("\x00\x00\x00\x09\x01\x07avpair")}, {Type: 26, Value: []byte("\x00\x00\x01\xad\x00\x00\x00\x10\x01")},
		{Type: 27, Value: []byte("\x00\x00\x0e\x10")}, {Type: 25, Value: []byte("another")},
	}
	u := newUpstream(t, Options{}, newFake(t, says(accept(sent...))))
	identity, err := u.Verify(t.Context(), alice())
	if err != nil || !reflect.DeepEqual(identity.Attributes, want) {
		t.Errorf("got %q, %v", identity.Attributes, err)
	}
	if identity.Groups != nil {
		t.Errorf("groups %q", identity.Groups)
	}
}

// Too many attributes are a fault: what would be left out may be a restriction.
func TestTooManyAttributes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]error{8: nil, 9: access.ErrBackend} {
		u := newUpstream(t, Options{}, newFake(t, says(accept(large(n)...))))
		identity, err := u.Verify(t.Context(), alice())
		if !errors.Is(err, want) || err == nil && len(identity.Attributes) != n || err != nil && identity.Name != "" {
			t.Errorf("%d: %d attributes, %v", n, len(identity.Attributes), err)
		}
		if s := u.States()[0]; !s.DeadUntil.IsZero() {
			t.Errorf("%d: %+v", n, s)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	sent := []*radius.AVP{text(25, "staff"), text(25, "\xff"), text(11, "filter"), text(25, ""), text(25, "wheel")}
	for kind, want := range map[uint8][]string{0: nil, 25: {"staff", "wheel"}, 11: {"filter"}, 27: nil} {
		u := newUpstream(t, Options{GroupAttribute: kind}, newFake(t, says(accept(sent...))))
		identity, err := u.Verify(t.Context(), alice())
		if err != nil || !reflect.DeepEqual(identity.Groups, want) || len(identity.Attributes) != 4 {
			t.Errorf("%d: %+v, %v", kind, identity, err)
		}
	}
}

// A challenge is answered to the server that sent it, with its State, also by
// another node, and may be followed by another one.
func TestChallenge(t *testing.T) {
	t.Parallel()
	idle := newFake(t, says(reject()))
	asker := newFake(t, func(request *radius.Packet) []reply {
		switch string(request.Get(24)) {
		case "":
			return []reply{challenge("\x00first", strings.Repeat("a", 251)+"é", "b", "c: ")}
		case "\x00first":
			return []reply{challenge("second", "Again: ")}
		case "second":
			return []reply{accept()}
		}
		return nil
	})
	ask := func(u *Upstream, q access.Question) *access.Asking {
		t.Helper()
		_, err := u.Verify(t.Context(), q)
		var asking *access.Asking
		if !errors.As(err, &asking) {
			t.Fatalf("got %v", err)
		}
		return asking
	}
	asking := ask(newUpstream(t, Options{}, asker), alice())
	if want := strings.Repeat("a", 251) + "éb c: "; asking.Message != want {
		t.Errorf("message %q", asking.Message)
	}
	another := newUpstream(t, Options{}, idle, asker)
	asking = ask(another, access.Question{Name: "alice", Password: []byte("123456"), Token: asking.Token})
	if asking.Message != "Again: " {
		t.Errorf("message %q", asking.Message)
	}
	if identity, err := another.Verify(t.Context(), access.Question{Name: "alice", Token: asking.Token}); err != nil || identity.Name != "alice" {
		t.Errorf("an empty answer: %v, %v", identity, err)
	}
	got := asker.requests()
	if len(got) != 3 || password(t, got[1]) != "123456" || len(idle.requests()) != 0 {
		t.Errorf("%d requests %v, %d to another server", len(got), got, len(idle.requests()))
	}
}

// The server that asked is the only one that gets the answer, dead or not.
func TestAskerIsAway(t *testing.T) {
	t.Parallel()
	asker, other := newFake(t, says(challenge("state", "PIN: "))), newFake(t, says(accept()))
	u := newUpstream(t, Options{Timeout: fast}, asker, other)
	_, err := u.Verify(t.Context(), alice())
	var asking *access.Asking
	if !errors.As(err, &asking) {
		t.Fatal(err)
	}
	answer := access.Question{Name: "alice", Password: []byte("1234"), Token: asking.Token}
	asker.set(nil)
	if _, err := u.Verify(t.Context(), answer); !errors.Is(err, access.ErrBackend) {
		t.Errorf("got %v", err)
	}
	if n := len(other.requests()); n != 0 {
		t.Errorf("another server got the answer: %d requests", n)
	}
	asker.set(says(accept()))
	if _, err := u.Verify(t.Context(), answer); err != nil {
		t.Errorf("it is back, and passed over: %v", err)
	}
}

// Texts are bounded by the packet and made UTF-8; a challenge needs neither a
// text nor a State.
func TestChallengeForms(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer  reply
		message string
		state   string
	}{
		"bare":      {reply{code: radius.CodeAccessChallenge}, "", ""},
		"not UTF-8": {challenge("s", "PIN\xff: "), "PIN\uFFFD: ", "s"},
		"longest":   {challenge(strings.Repeat("s", 253)), "", strings.Repeat("s", 253)},
	} {
		server := newFake(t, says(test.answer))
		_, err := newUpstream(t, Options{}, server).Verify(t.Context(), alice())
		var asking *access.Asking
		if !errors.As(err, &asking) || asking.Message != test.message || len(asking.Token) > 512 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if address, state, err := readToken(asking.Token); err != nil || address != server.address || string(state) != test.state {
			t.Errorf("%s: %q, %q, %v", name, address, state, err)
		}
	}
}
