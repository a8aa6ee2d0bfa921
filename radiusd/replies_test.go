package radiusd_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
	attributes "vpn-otpd/radiusd/attribute"
)

const (
	filterID       = 11
	class          = 25
	sessionTimeout = 27
)

func text(kind uint8, value string) access.Attribute {
	return access.Attribute{Type: kind, Value: []byte(value)}
}

// vendor is a Vendor-Specific of vendor 9 with these types and values.
func vendor(pairs ...string) access.Attribute {
	value := "\x00\x00\x00\x09"
	for _, pair := range pairs {
		value += pair[:1] + string(rune(len(pair)+1)) + pair[1:]
	}
	return text(26, value)
}

func written(list []access.Attribute) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = fmt.Sprintf("%d=%s", a.Type, a.Value)
		if a.Type == 26 {
			words[i] = fmt.Sprintf("26=%s", hex.EncodeToString(a.Value))
		}
	}
	return strings.Join(words, " ")
}

func TestRepliesMatch(t *testing.T) {
	t.Parallel()
	give := func(value string) []access.Attribute { return []access.Attribute{text(class, value)} }
	replies := radiusd.NewReplies([]radiusd.ReplyRule{
		{Attributes: give("all")},
		{Users: []string{"alice", "bob"}, Attributes: give("user")},
		{Clients: []string{"vpn1"}, Attributes: give("client")},
		{Groups: []string{"Staff", "admins"}, Attributes: give("group")},
		{Users: []string{"alice"}, Clients: []string{"vpn1"}, Groups: []string{"staff"}, Attributes: give("every")},
	})
	for _, test := range []struct {
		client, user string
		groups       []string
		want         string
	}{
		{"vpn2", "carol", nil, "25=all"},
		{"vpn2", "", nil, "25=all"},
		{"vpn2", "alice ", []string{"staff2", "sta"}, "25=all"},
		{"VPN1", "Alice", nil, "25=all"}, // names are canonical
		{"vpn2", "bob", nil, "25=all 25=user"},
		{"vpn1", "carol", nil, "25=all 25=client"},
		{"vpn2", "carol", []string{"guests", "ADMINS"}, "25=all 25=group"},
		{"vpn1", "alice", []string{"admins"}, "25=all 25=user 25=client 25=group"},
		{"vpn1", "bob", []string{"staff"}, "25=all 25=user 25=client 25=group"},
		{"vpn1", "alice", []string{"staff"}, "25=all 25=user 25=client 25=group 25=every"},
	} {
		got := written(replies.For(test.client, access.Decision{User: test.user, Groups: test.groups}))
		if got != test.want {
			t.Errorf("%s of %v at %s gets %s, want %s", test.user, test.groups, test.client, got, test.want)
		}
	}
	if groups := replies.Groups(); !slices.Equal(groups, []string{"Staff", "admins", "staff"}) {
		t.Errorf("groups %q", groups)
	}
}

func TestRepliesReplace(t *testing.T) {
	t.Parallel()
	once, kind1 := attributes.Kind{Type: sessionTimeout}, attributes.Kind{Type: 26, Vendor: 9, Within: 1}
	rule := func(replaces []attributes.Kind, list ...access.Attribute) *radiusd.Replies {
		return radiusd.NewReplies([]radiusd.ReplyRule{{Attributes: list, Replaces: replaces}})
	}
	told := []access.Attribute{text(filterID, "a"), text(sessionTimeout, "1234"), text(filterID, "b"), vendor("\x01x", "\x02y", "\x01z")}
	for title, test := range map[string]struct {
		replies *radiusd.Replies
		want    []access.Attribute
	}{
		"no rules":    {nil, told},
		"added":       {rule(nil, text(filterID, "c")), append(slices.Clone(told), text(filterID, "c"))},
		"once":        {rule([]attributes.Kind{once}, text(sessionTimeout, "5678")), []access.Attribute{told[0], told[2], told[3], text(sessionTimeout, "5678")}},
		"all of one":  {rule([]attributes.Kind{{Type: filterID}}, text(filterID, "c")), []access.Attribute{told[1], told[3], text(filterID, "c")}},
		"of a vendor": {rule([]attributes.Kind{kind1}, vendor("\x01w")), append(slices.Clone(told[:3]), vendor("\x02y"), vendor("\x01w"))},
	} {
		before := written(told)
		if got := written(test.replies.For("vpn1", access.Decision{Attributes: told})); got != written(test.want) {
			t.Errorf("%s: %s, want %s", title, got, written(test.want))
		}
		if written(told) != before {
			t.Fatalf("%s: what was told has changed", title)
		}
	}
}

// What belongs to us or to the hop is never a first factor's.
func TestRepliesKeepWhatIsOurs(t *testing.T) {
	t.Parallel()
	told := []access.Attribute{text(1, "root"), text(18, "granted"), text(class, "c"), text(24, "s"), text(33, "p"), text(79, "e"), text(80, strings.Repeat("m", 16))}
	var none *radiusd.Replies
	if got := written(none.For("vpn1", access.Decision{Attributes: told})); got != "25=c" {
		t.Error(got)
	}
}

func TestRepliesGoWithAcceptsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.server.SetReplies(radiusd.NewReplies([]radiusd.ReplyRule{
		{Attributes: []access.Attribute{text(filterID, "staff")}},
		{Clients: []string{"strict"}, Attributes: []access.Attribute{text(class, "a"), text(class, "b")}},
	}))
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		return access.Decision{Verdict: access.Verdict(r.Password), User: "alice", State: "valid", Attributes: []access.Attribute{text(filterID, "told")}}, nil
	}
	at := w.serve("udp4", "127.0.0.1:0")
	strict, legacy := w.dial("127.0.0.1", at), w.dial("127.0.0.2", at)
	reply := strict.ask(login(1, "accept", testSecret, attribute(33, "p")))
	if got := kinds(reply); reply.Code != radius.CodeAccessAccept || !slices.Equal(got, []int{1, 11, 11, 25, 25, 33}) {
		t.Errorf("%s with %v", reply.Code, got)
	}
	if string(reply.Attributes.Get(filterID)) != "told" {
		t.Error("what the first factor told doesn't come first")
	}
	// A client that doesn't authenticate its packets gets all but the name.
	if got := kinds(legacy.ask(unsigned(2, "accept", testSecret))); !slices.Equal(got, []int{11, 11}) {
		t.Errorf("legacy: %v", got)
	}
	for i, verdict := range []string{"reject", "challenge"} {
		for _, kind := range kinds(strict.ask(login(byte(3+i), verdict, testSecret))) {
			if kind == filterID || kind == class {
				t.Errorf("%s holds attribute %d", verdict, kind)
			}
		}
	}
	for _, a := range strict.ask(sign(write(12, 9, placeholder), testSecret)).Attributes {
		if a.Type != 80 {
			t.Errorf("Status-Server is answered with attribute %d", a.Type)
		}
	}
}

// An accept that doesn't fit is a reject, and the log says so.
func TestRepliesThatDoNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	full := make([]access.Attribute, 15)
	for i := range full {
		full[i] = text(class, strings.Repeat("x", 253))
	}
	full[14].Value = full[14].Value[:radiusd.ReplyRoom-14*255-2]
	rules := []radiusd.ReplyRule{{Attributes: full}}
	w.server.SetReplies(radiusd.NewReplies(rules))
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		return access.Decision{ID: "decision1", Verdict: access.Accept, User: strings.Repeat("u", 253)}, nil
	}
	client := w.client("127.0.0.1")
	if reply := client.ask(login(1, "accept", testSecret)); reply.Code != radius.CodeAccessAccept {
		t.Fatalf("what has room is %s: %s", reply.Code, w.log)
	}
	if strings.Contains(w.log.String(), "reject") {
		t.Error(w.log)
	}
	rules[0].Attributes = append(full, text(class, "x"))
	w.server.SetReplies(radiusd.NewReplies(rules))
	if reply := client.ask(login(2, "accept", testSecret)); reply.Code != radius.CodeAccessReject || len(kinds(reply)) != 0 {
		t.Errorf("%s with %v", reply.Code, kinds(reply))
	}
	for _, words := range []string{"level=ERROR", "verdict=accept", "decision=decision1", "client=strict", "octets=4061", "error="} {
		if !strings.Contains(w.log.String(), words) {
			t.Errorf("no %s in %s", words, w.log)
		}
	}
}
