package header

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

const trustedPeer = "uid 33"

func request(peer string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/2fa/signin/header", nil)
	r.RemoteAddr = peer
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("a;", 1001)
	for name, test := range map[string]struct {
		headers []string
		user    string
		groups  []string
		want    error
	}{
		"a name":              {[]string{"X-Remote-User", "alice"}, "alice", nil, nil},
		"with blanks":         {[]string{"X-Remote-User", " alice "}, "alice", nil, nil},
		"in other letters":    {[]string{"x-remote-user", "älice@example.org"}, "älice@example.org", nil, nil},
		"groups":              {[]string{"X-Remote-User", "alice", "X-Groups", "staff; vpn;;"}, "alice", []string{"staff", "vpn"}, nil},
		"no groups":           {[]string{"X-Remote-User", "alice", "X-Groups", ""}, "alice", nil, nil},
		"a group with comma":  {[]string{"X-Remote-User", "alice", "X-Groups", "cn=a,dc=b"}, "alice", []string{"cn=a,dc=b"}, nil},
		"no header":           {nil, "", nil, ErrNone},
		"an empty one":        {[]string{"X-Remote-User", " "}, "", nil, ErrNone},
		"groups alone":        {[]string{"X-Groups", "staff"}, "", nil, ErrNone},
		"two":                 {[]string{"X-Remote-User", "alice", "X-Remote-User", "bob"}, "", nil, ErrAmbiguous},
		"the same twice":      {[]string{"X-Remote-User", "alice", "X-Remote-User", "alice"}, "", nil, ErrAmbiguous},
		"an empty one first":  {[]string{"X-Remote-User", "", "X-Remote-User", "bob"}, "", nil, ErrAmbiguous},
		"joined":              {[]string{"X-Remote-User", "alice, bob"}, "", nil, ErrAmbiguous},
		"joined with nothing": {[]string{"X-Remote-User", ",bob"}, "", nil, ErrAmbiguous},
		"a long one":          {[]string{"X-Remote-User", strings.Repeat("a", maxName+1)}, "", nil, ErrAmbiguous},
		"Latin 1":             {[]string{"X-Remote-User", "\xe4lice"}, "", nil, ErrAmbiguous},
		"groups twice":        {[]string{"X-Remote-User", "alice", "X-Groups", "a", "X-Groups", "b"}, "", nil, ErrAmbiguous},
		"too many groups":     {[]string{"X-Remote-User", "alice", "X-Groups", many}, "", nil, ErrAmbiguous},
		"a long group":        {[]string{"X-Remote-User", "alice", "X-Groups", strings.Repeat("a", maxGroup+1)}, "", nil, ErrAmbiguous},
	} {
		h := New(Options{Name: "X-Remote-User", Groups: "X-Groups", Separator: ";", Proxies: Proxies{UIDs: []uint32{33}}})
		identity, err := h.Identify(request(trustedPeer, test.headers...))
		if identity.Name != test.user || !slices.Equal(identity.Groups, test.groups) || identity.GroupsKnown != (err == nil) || !errors.Is(err, test.want) {
			t.Errorf("%s: %+v, %v", name, identity, err)
		}
		if ungrouped, err := New(Options{Name: "X-Remote-User", Proxies: h.options.Proxies}).Identify(request(trustedPeer, test.headers...)); ungrouped.GroupsKnown {
			t.Errorf("%s: groups that nobody asks for are known: %+v, %v", name, ungrouped, err)
		}
		if (h.Counters()["ambiguous"] == 1) != (test.want == ErrAmbiguous) {
			t.Errorf("%s: %v", name, h.Counters())
		}
	}
}

// The word of nobody else counts, however near he is.
func TestStrangers(t *testing.T) {
	t.Parallel()
	verified := func(names ...string) *tls.ConnectionState {
		return &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{DNSNames: names}}}}
	}
	presented := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{DNSNames: []string{"proxy.example.org"}}}}
	for _, test := range []struct {
		peer string
		tls  *tls.ConnectionState
		good bool
	}{
		{trustedPeer, nil, true},
		{"uid 34", nil, false}, {"uid 3", nil, false}, {"uid 0", nil, false}, {"@", nil, false}, {"", nil, false},
		{"127.0.0.1:33", nil, false}, {"[::1]:33", nil, false}, {"192.0.2.1:1234", nil, false},
		{"192.0.2.1:1234", verified("proxy.example.org"), true}, {"192.0.2.1:1234", verified("a.example.org", "proxy.example.org"), true},
		{"192.0.2.1:1234", verified("other.example.org"), false}, {"192.0.2.1:1234", verified(), false},
		{"192.0.2.1:1234", presented, false}, {"192.0.2.1:1234", new(tls.ConnectionState), false},
	} {
		h := New(Options{Name: "X-Remote-User", Proxies: Proxies{UIDs: []uint32{33}, Names: []string{"proxy.example.org"}}})
		r := request(test.peer, "X-Remote-User", "alice")
		r.TLS = test.tls
		identity, err := h.Identify(r)
		if (identity.Name == "alice" && err == nil) != test.good || !test.good && !errors.Is(err, ErrNone) {
			t.Errorf("%q: %+v, %v", test.peer, identity, err)
		}
		if ignored := h.Counters()["ignored"]; (ignored == 0) != test.good {
			t.Errorf("%q: %d ignored", test.peer, ignored)
		}
	}
	if (Proxies{}).Trusts(request("uid 0")) {
		t.Error("root is trusted by nobody's word")
	}
}

func TestIgnoredAreLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	now := time.Now()
	h := New(Options{Name: "X-Remote-User", Logger: slog.New(slog.NewTextHandler(&said, nil)), Now: func() time.Time { return now }})
	for _, step := range []struct {
		later time.Duration
		lines int
		says  string
	}{{0, 1, "times=1"}, {time.Second, 1, ""}, {58 * time.Second, 1, ""}, {time.Second, 2, "times=3"}} {
		now = now.Add(step.later)
		if _, err := h.Identify(request("127.0.0.1:5", "X-Remote-User", "a stranger's choice")); !errors.Is(err, ErrNone) {
			t.Fatal(err)
		}
		if text := said.String(); strings.Count(text, "\n") != step.lines || !strings.Contains(text, step.says) || strings.Contains(text, "choice") {
			t.Errorf("%+v:\n%s", step, text)
		}
	}
}
