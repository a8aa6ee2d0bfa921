package enroll

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

var returnsAllowed = []string{"https://portal.example.org/vpn", "https://other.example.org:8443/", "http://[2001:db8::1]/a/"}

// Where a link may lead to.
var goodReturns = []string{
	"https://portal.example.org/vpn", "https://portal.example.org/vpn/", "https://portal.example.org/vpn/home?profile=a%20b&x=1",
	"https://PORTAL.example.org/vpn", "https://portal.example.org:443/vpn", "https://portal.example.org/vpn#top",
	"https://other.example.org:8443", "https://other.example.org:8443/anything/at/all", "http://[2001:db8::1]/a/b",
}

// And where it may not, however it is written.
var badReturns = []string{
	"", "/", "/vpn", "//portal.example.org/vpn", "portal.example.org/vpn", "https:portal.example.org/vpn", "https:/portal.example.org/vpn", "https:///portal.example.org/vpn",
	"http://portal.example.org/vpn", "ftp://portal.example.org/vpn", "javascript:alert(1)//https://portal.example.org/vpn", "data:text/html,x",
	"https://portal.example.org/", "https://portal.example.org/vpnx", "https://portal.example.org/VPN", "https://portal.example.org/other",
	"https://portal.example.org.evil.example/vpn", "https://evil.example/portal.example.org/vpn", "https://evil.example/vpn", "https://sub.portal.example.org/vpn",
	"https://portal.example.org@evil.example/vpn", "https://evil.example#@portal.example.org/vpn", "https://user@portal.example.org/vpn", "https://user:pass@portal.example.org/vpn",
	"https://portal.example.org:8443/vpn", "https://portal.example.org:0443/vpn", "https://portal.example.org:/vpn", "https://portal.example.org./vpn",
	"https://evil.example\\@portal.example.org/vpn", "https://portal.example.org\\.evil.example/vpn", "https://portal.example.org/vpn\\..\\x", "https:\\\\portal.example.org\\vpn",
	"https://portal.example.org/vpn/../admin", "https://portal.example.org/vpn/./x", "https://portal.example.org/vpn/%2e%2e/admin", "https://portal.example.org/vpn/%2E./admin",
	"https://portal.example.org/vpn/..%2fadmin", "https://portal.example.org/vpn%2f..%2fadmin", "https://portal.example.org/vpn%5c..%5cadmin", "https://portal.example.org/vpn/..;/admin", "https://portal.example.org/vpn/%00",
	"https://portal.example.org//vpn", "https://portal.example.org/vpn//x", "https://portal.example.org/%76pn/%2561", "https://portal.example.org/vp%6e",
	" https://portal.example.org/vpn", "https://portal.example.org/vpn ", "https://portal.example.org/vpn\n", "https://portal.example.org/vpn\r\nSet-Cookie:x", "https://portal.example.org/vpn\x00", "https://portal.exa\tmple.org/vpn",
	"https://portal.example.org/vpn/ü", "https://pörtal.example.org/vpn", "https://portal。example.org/vpn", "https://[portal.example.org]/vpn", "https://other.example.org/", "https://other.example.org:443/",
	"http://[2001:db8::1]/ab", "http://[2001:db8::1%25eth0]/a/", "https://portal.example.org/vpn?a b", "https://portal.example.org/vpn?x=\\evil", "https://portal.example.org/vpn#ü",
	"https://portal.example.org/vpn?" + strings.Repeat("x", maxReturn),
}

func TestReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Returns = returnsAllowed })
	b := w.browser(t)
	for _, address := range goodReturns {
		if w.handler.checkReturn(address) == nil {
			t.Errorf("%q was refused", address)
		}
	}
	for _, address := range badReturns {
		if u := w.handler.checkReturn(address); u != nil {
			t.Errorf("%q leads to %s", address, u)
		}
		b.get("?return=" + url.QueryEscape(address)).is(http.StatusOK).without(`name="return"`)
	}
	b.get("?return="+url.QueryEscape(goodReturns[2])).is(http.StatusOK, `name="return" value="https://portal.example.org/vpn/home?profile=a%20b&amp;x=1"`)
	b.get("?return=;%zz").is(http.StatusOK).without(`name="return"`)
}

// It is a link, never a redirect; and it is checked again when it is used, for
// the list may have changed, and the field can be forged.
func TestReturnIsALink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.post("signin", "username", "alice", "password", fakePassword, "return", "https://evil.example/").leadsTo("")
	b.get("").is(http.StatusOK).without("evil.example", "Continue to")
	b.get("?return=https://portal.example.org/vpn/x").is(http.StatusOK, `<a class="button plain" id="return" href="https://portal.example.org/vpn/x">Continue to portal.example.org</a>`)
	b.get("?return=https://evil.example/vpn").is(http.StatusOK).without("evil.example")
	b.post("enroll", "return", "https://portal.example.org/vpn/x").leadsTo("enroll")
	b.get("").is(http.StatusOK, "Continue to portal.example.org")
	w.handler.returns = nil
	b.get("").is(http.StatusOK).without("portal.example.org")
	b.post("confirm", "enrollment", b.get("enroll").mark(), "code", fakeCode, "label", "Phone").is(http.StatusOK, "a7mq-rt4x-kp9d").without("portal.example.org")
}

func TestReturnsOfTheConfiguration(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"portal.example.org", "https://", "javascript:x", "https://portal.example.org/a/../b", "https://portal.example.org/?x=1", "https://user@portal.example.org/", ""} {
		if _, err := parseReturns([]string{address}); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}

// Whatever is linked to is on the list, and reads the same when read again.
func FuzzReturn(f *testing.F) {
	for _, address := range append(goodReturns, badReturns...) {
		f.Add(address)
	}
	rules, err := parseReturns(returnsAllowed)
	if err != nil {
		f.Fatal(err)
	}
	h := &Handler{returns: rules}
	f.Fuzz(func(t *testing.T, address string) {
		u := h.checkReturn(address)
		if u == nil {
			return
		}
		again, err := url.Parse(u.String())
		if err != nil || again.Host != u.Host || again.Path != u.Path || h.checkReturn(u.String()) == nil {
			t.Errorf("%q reads as %q", address, u)
		}
		for _, start := range []string{"https://portal.example.org", "https://other.example.org:8443", "http://[2001:db8::1]"} {
			if strings.HasPrefix(strings.ToLower(u.String()), start) {
				return
			}
		}
		t.Errorf("%q leads to %q", address, u)
	})
}
