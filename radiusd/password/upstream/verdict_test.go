package upstream

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/client"
)

// large are n attributes of the greatest length.
func large(n int) (attributes []*radius.AVP) {
	for range n {
		attributes = append(attributes, text(25, strings.Repeat("x", maxValue)))
	}
	return attributes
}

// Whom the server names counts. A typed name does only where it can't be one of
// several names of a user, or where it is said that it may.
func TestName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rule                TypedNames
		typed, named, whose string
		err                 error
	}{
		{"", "alice@corp", "", "", access.ErrUserUnknown},
		{"", `corp\alice`, "", "", access.ErrUserUnknown},
		{"", "corp/alice", "", "", access.ErrUserUnknown},
		{"", "alice%corp", "", "", access.ErrUserUnknown},
		{"", "alice+vpn", "", "", access.ErrUserUnknown},
		{"", "alice smith", "", "", access.ErrUserUnknown},
		{"", "ａlice", "", "", access.ErrUserUnknown}, // full width
		{"", "álice", "", "", access.ErrUserUnknown},
		{"", "аlice", "", "", access.ErrUserUnknown}, // Cyrillic
		{"", "alice.", "", "", access.ErrUserUnknown},
		{"", ".alice", "", "", access.ErrUserUnknown},
		{"", "", "", "", access.ErrUserUnknown},
		{"plain", "alice@corp", "", "", access.ErrUserUnknown},
		{"none", "alice", "", "", access.ErrUserUnknown},
		{"all", "alice", "\xff", "", access.ErrBackend},
		{"", "alice", "\xff", "", access.ErrBackend},
		{"", "alice", "", "alice", nil},
		{"", "a.smith-jones_7", "", "a.smith-jones_7", nil},
		{"", "alice", "Alice@example.org", "Alice@example.org", nil},
		{"", `corp\alice`, "Alice", "Alice", nil},
		{"none", "alice", "Alice", "Alice", nil},
		{"all", "alice@corp", "", "alice@corp", nil},
		{"all", "alice@corp", "alice", "alice", nil},
	} {
		sent := accept()
		if test.named != "" {
			sent = accept(text(1, test.named))
		}
		server := newFake(t, says(sent))
		u := newUpstream(t, Options{TypedNames: test.rule}, server)
		identity, err := u.Verify(t.Context(), access.Question{Name: test.typed, Password: []byte("correct-horse")})
		if !errors.Is(err, test.err) || !reflect.DeepEqual(identity, access.Identity{Name: test.whose}) {
			t.Errorf("%q: %q, named %q: %+v, %v", test.rule, test.typed, test.named, identity, err)
		}
		if errors.Is(err, access.ErrUserUnknown) && !strings.Contains(err.Error(), "typed_names") {
			t.Errorf("%q isn't told what to do: %v", test.typed, err)
		}
		if n := len(server.requests()); n != 1 || !u.States()[0].DeadUntil.IsZero() {
			t.Errorf("%q: %d requests, %+v", test.typed, n, u.States()[0])
		}
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
	sent := []*radius.AVP{text(25, "staff"), text(11, "filter"), text(25, ""), text(25, "wheel")}
	for kind, want := range map[uint8][]string{0: nil, 25: {"staff", "wheel"}, 11: {"filter"}, 27: nil} {
		u := newUpstream(t, Options{GroupAttribute: kind}, newFake(t, says(accept(sent...))))
		identity, err := u.Verify(t.Context(), alice())
		if err != nil || !reflect.DeepEqual(identity.Groups, want) || identity.GroupsKnown != (kind != 0) || len(identity.Attributes) != 3 {
			t.Errorf("%d: %+v, %v", kind, identity, err)
		}
	}
}

// Groups that can't be taken all are a fault: the one left out may be that of a
// stricter rule. Where nobody asks for groups, they are attributes like others.
func TestGroupsLeftOut(t *testing.T) {
	t.Parallel()
	many := make([]*radius.AVP, access.MaxGroups+1)
	for i := range many {
		many[i] = text(25, "x")
	}
	for name, test := range map[string]struct {
		kind uint8
		sent []*radius.AVP
		err  error
	}{
		"not UTF-8":               {25, []*radius.AVP{text(25, "staff"), text(25, "\xff")}, access.ErrBackend},
		"too many":                {25, many, access.ErrBackend},
		"as many as there may be": {25, many[1:], nil},
		"another attribute":       {11, []*radius.AVP{text(11, "staff"), text(25, "\xff")}, nil},
		"not asked for":           {0, []*radius.AVP{text(25, "\xff")}, nil},
	} {
		groups, err := answer{Reply: &client.Reply{Attributes: test.sent}, server: new(server)}.groups(test.kind)
		if !errors.Is(err, test.err) || err != nil && groups != nil {
			t.Errorf("%s: %d groups, %v", name, len(groups), err)
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
