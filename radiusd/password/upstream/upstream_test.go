package upstream

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/access"
)

var _ access.FirstFactor = (*Upstream)(nil)

// What no server can be asked is refused without asking one.
func TestNothingIsAsked(t *testing.T) {
	t.Parallel()
	server := newFake(t, says(accept()))
	u := newUpstream(t, Options{}, server)
	late, cancel := context.WithTimeout(t.Context(), leastWait/2)
	defer cancel()
	over, end := context.WithCancel(t.Context())
	end()
	for name, test := range map[string]struct {
		ctx      context.Context
		question access.Question
		err      error
	}{
		"empty password":        {t.Context(), access.Question{Name: "alice"}, access.ErrPasswordWrong},
		"password too long":     {t.Context(), access.Question{Name: "alice", Password: make([]byte, 129)}, access.ErrPasswordWrong},
		"answer too long":       {t.Context(), access.Question{Name: "alice", Password: make([]byte, 129), Token: makeToken(server.address, nil)}, access.ErrPasswordWrong},
		"name too long":         {t.Context(), access.Question{Name: strings.Repeat("a", 254), Password: []byte("x")}, access.ErrUserUnknown},
		"too late":              {late, alice(), access.ErrBackend},
		"given up":              {over, alice(), access.ErrBackend},
		"server is gone":        {t.Context(), access.Question{Name: "alice", Token: makeToken("192.0.2.1:1812", []byte("state"))}, access.ErrBackend},
		"empty token":           {t.Context(), access.Question{Name: "alice", Token: []byte{}}, access.ErrBackend},
		"token of another kind": {t.Context(), access.Question{Name: "alice", Token: []byte{2, 0}}, access.ErrBackend},
		"token cut off":         {t.Context(), access.Question{Name: "alice", Token: []byte{1, 5, 'a'}}, access.ErrBackend},
		"token too long":        {t.Context(), access.Question{Name: "alice", Token: append(makeToken(server.address, nil), make([]byte, 512)...)}, access.ErrBackend},
	} {
		if _, err := u.Verify(test.ctx, test.question); !errors.Is(err, test.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, s := len(server.requests()), u.States()[0]; n != 0 || !s.DeadUntil.IsZero() {
		t.Errorf("%d requests were sent: %+v", n, s)
	}
}

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	good := Server{Address: "127.0.0.1:1812", Secret: secret}
	for name, servers := range map[string][]Server{
		"none":      nil,
		"too many":  make([]Server, MaxServers+1),
		"address":   {{Secret: secret}},
		"long":      {{Address: strings.Repeat("a", MaxAddress) + ":1", Secret: secret}},
		"no secret": {{Address: "127.0.0.1:1812"}},
		"twice":     {good, good},
	} {
		if u, err := New(Options{Servers: servers}); err == nil {
			t.Errorf("%s: it was made: %v", name, u)
		}
	}
}

// What comes before the right answer, and isn't it, changes nothing.
func TestForgedAnswers(t *testing.T) {
	t.Parallel()
	elsewhere, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	for name, forged := range map[string]reply{
		"another secret":              {code: radius.CodeAccessAccept, key: []byte("another")},
		"wrong Message-Authenticator": {code: radius.CodeAccessAccept, badMA: true},
		"no Message-Authenticator":    {code: radius.CodeAccessAccept, bare: true},
		"another identifier":          {code: radius.CodeAccessAccept, identifier: 1},
		"another source":              {code: radius.CodeAccessAccept, from: elsewhere},
		"another code":                {code: radius.CodeAccountingResponse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newFake(t, says(forged, reject()))
			if _, err := newUpstream(t, Options{}, server).Verify(t.Context(), alice()); !errors.Is(err, access.ErrPasswordWrong) {
				t.Errorf("before the right answer: %v", err)
			}
			server = newFake(t, says(forged))
			u := newUpstream(t, Options{Timeout: fast}, server)
			_, err := u.Verify(t.Context(), alice())
			if !errors.Is(err, access.ErrBackend) {
				t.Errorf("alone: %v", err)
			}
			if c := u.States()[0].Counters; c.Timeouts != 1 || c.Accepts != 0 || forged.from == nil && c.Ignored != 2 {
				t.Errorf("counted %+v", c)
			}
			if forged.bare && !strings.Contains(err.Error(), "it has no Message-Authenticator") {
				t.Errorf("the error doesn't say why: %v", err)
			}
		})
	}
}

// A reply without Message-Authenticator counts where the configuration says so,
// a wrong one never does.
func TestWithoutMessageAuthenticator(t *testing.T) {
	t.Parallel()
	bare, wrong, forged := accept(), accept(), accept()
	bare.bare, wrong.badMA, forged.bare, forged.key = true, true, true, []byte("another")
	for _, test := range []struct {
		answer reply
		err    error
	}{{bare, nil}, {wrong, access.ErrBackend}, {forged, access.ErrBackend}} {
		server := newFake(t, says(test.answer))
		u := newUpstream(t, Options{Servers: []Server{{Address: server.address, Secret: secret, AllowWithoutMessageAuthenticator: true}}, Timeout: fast})
		if _, err := u.Verify(t.Context(), alice()); !errors.Is(err, test.err) {
			t.Errorf("%+v: %v", test.answer, err)
		}
		if server.requests()[0].Attributes[0].Type != 80 {
			t.Error("the request doesn't begin with a Message-Authenticator")
		}
	}
}

// What a request carries, and that it is the same octets when it is sent again.
func TestRequest(t *testing.T) {
	t.Parallel()
	const blank = ""
	for name, test := range map[string]struct {
		options Options
		asks    string // what the client calls itself
		want    string // NAS-Identifier
	}{
		"what we are called":    {Options{NASIdentifier: "otp", Node: "node1", Timeout: fast}, "vpn1", "otp"},
		"what the client says":  {Options{Node: "node1", Timeout: fast}, "vpn1", "vpn1"},
		"who we are, otherwise": {Options{Node: "node1", Timeout: fast}, blank, "node1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newFake(t, nil)
			u := newUpstream(t, test.options, server)
			q := access.Question{Name: "müller", Password: []byte("naïve"), NASIdentifier: test.asks, CallingStation: "198.51.100.7"}
			u.Verify(t.Context(), q)
			u.Verify(t.Context(), q)
			got := server.requests()
			if len(got) != 4 || !bytes.Equal(server.octets[0], server.octets[1]) || got[0].Authenticator == got[2].Authenticator {
				t.Fatalf("%d requests: %v", len(got), got)
			}
			for kind, want := range map[radius.Type]string{1: "müller", 31: "198.51.100.7", 32: test.want, 24: ""} {
				if value := string(got[0].Get(kind)); value != want {
					t.Errorf("attribute %d is %q, want %q", kind, value, want)
				}
			}
			if plain := password(t, got[0]); plain != "naïve" {
				t.Errorf("the password is %q", plain)
			}
		})
	}
}

// A late answer is no answer to the question that it was for, nor to a later one.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	late := accept()
	late.after = 2*fast + fast/2
	server := newFake(t, says(late))
	u := newUpstream(t, Options{Timeout: fast}, server)
	if _, err := u.Verify(t.Context(), alice()); !errors.Is(err, access.ErrBackend) {
		t.Errorf("the first: %v", err)
	}
	server.set(says(reject()))
	for end := time.Now().Add(3 * fast); time.Now().Before(end); {
		if _, err := u.Verify(t.Context(), alice()); !errors.Is(err, access.ErrPasswordWrong) {
			t.Fatalf("a later one: %v", err)
		}
	}
}

// The caller's deadline ends the waiting, and says nothing of the server.
func TestDeadline(t *testing.T) {
	t.Parallel()
	server := newFake(t, nil)
	u := newUpstream(t, Options{Timeout: 10 * time.Second}, server)
	ctx, cancel := context.WithTimeout(t.Context(), leastWait+50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := u.Verify(ctx, alice()); !errors.Is(err, access.ErrBackend) || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	if s := u.States()[0]; !s.DeadUntil.IsZero() || s.Abandoned != 1 {
		t.Errorf("%+v", s)
	}
}
