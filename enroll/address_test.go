package enroll

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128")}
	for _, test := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:1000", nil, "192.0.2.1"},
		{"192.0.2.1:1000", []string{"198.51.100.1"}, "192.0.2.1"}, // anybody can write that
		{"127.0.0.1:1000", nil, "127.0.0.1"},
		{"127.0.0.1:1000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"127.0.0.1:1000", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"}, // the last one counts
		{"127.0.0.1:1000", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1"},
		{"127.0.0.1:1000", []string{"198.51.100.1, 10.1.2.3"}, "198.51.100.1"}, // two proxies
		{"127.0.0.1:1000", []string{"198.51.100.1,10.2.2.3"}, "10.2.2.3"},
		{"127.0.0.1:1000", []string{"10.1.0.5, 10.1.2.3"}, "10.1.0.5"},
		{"127.0.0.1:1000", []string{"198.51.100.1, junk"}, "127.0.0.1"},
		{"127.0.0.1:1000", []string{"198.51.100.1, unknown, 10.1.2.3"}, "10.1.2.3"},
		{"127.0.0.1:1000", []string{""}, "127.0.0.1"},
		{"127.0.0.1:1000", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"127.0.0.1:1000", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"127.0.0.1:1000", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"[::1]:1000", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"[::ffff:127.0.0.1]:1000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"[fe80::1%eth0]:1000", nil, "fe80::1"},
		{"@", []string{"198.51.100.1"}, "invalid IP"}, // a unix socket
		{"", []string{"198.51.100.1"}, "invalid IP"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.peer
		for _, value := range test.forwarded {
			r.Header.Add("X-Forwarded-For", value)
		}
		if got := clientAddress(r, trusted, false); got.String() != test.want {
			t.Errorf("%s, %q: %s, not %s", test.peer, test.forwarded, got, test.want)
		}
	}
}

// The address goes to the gate and to the enroller.
func TestAddressIsPassedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	b := w.browser(t)
	b.header.Set("X-Forwarded-For", "192.0.2.99, 198.51.100.7")
	b.signIn(w)
	if got := w.requests[0].CallingStation; got != "198.51.100.7" {
		t.Errorf("the gate heard %q", got)
	}
	b.get("").is(http.StatusOK)
	if w.from.String() != "198.51.100.7" {
		t.Errorf("the enroller heard %v", w.from)
	}
}
