package enroll

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// state is all that a request could change.
func (w *world) state() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var labels []string
	for _, device := range w.standing.Account.Devices {
		labels = append(labels, device.Label)
	}
	pending := w.pending != nil
	return strings.Join(labels, ",") + w.sessions.all() + strings.Repeat("+", w.begun) + strings.Repeat("?", len(w.requests)) +
		map[bool]string{true: "pending"}[pending] + string(w.opened)
}

// Nothing that another site makes a browser send changes anything.
func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone", "Tablet")
	b := w.browser(t)
	b.signIn(w)
	before := w.state()
	fields := []string{"username", "alice", "password", fakePassword, "code", fakeCode, "do", "remove", "device", "Phone",
		"ticket", fakeTicket, "language", "de", "label", "x"}
	for path, found := range routes() {
		if found.post == nil {
			continue
		}
		for _, header := range []http.Header{
			{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}},
			{"Origin": {"https://evil.example"}}, {"Origin": {"null"}},
		} {
			b.header = header
			a := b.post(path, fields...).is(http.StatusForbidden, "another site")
			if a.header.Get("Set-Cookie") != "" {
				t.Errorf("%s with %v sets a cookie", path, header)
			}
		}
	}
	if after := w.state(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"same-origin"}}, {"Origin": {w.server.URL}}, {}, {"Origin": {w.server.URL}, "X-Forwarded-Host": {"evil.example"}},
	} {
		b.header = header
		b.post("language", "language", "en").leadsTo("")
	}
}

// A proxy may pass another Host on: the origin that counts is that of the URL.
func TestOriginBehindProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+"/2fa/language", strings.NewReader("language=de"))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "backend:8080"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", w.server.URL)
	response, err := w.browser(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusSeeOther {
		t.Errorf("status %d", response.StatusCode)
	}
}

// A GET changes nothing, whatever it asks for.
func TestGetChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone", "Tablet")
	b := w.browser(t)
	b.signIn(w)
	before := w.state()
	for path, found := range routes() {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a := b.do(method, path+"?do=remove&device=Phone&code="+fakeCode+"&ticket="+fakeTicket+"&username=alice&password=x&language=de&replaces=Phone", "", nil)
			if found.get == nil && (a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "POST") {
				t.Errorf("%s %q: status %d, Allow %q", method, path, a.status, a.header.Get("Allow"))
			}
		}
	}
	b.get(fakeTicket).is(http.StatusOK)
	if after := w.state(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace} {
		if a := b.do(method, "enroll", "", nil); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: status %d, Allow %q", method, a.status, a.header.Get("Allow"))
		}
	}
}

// What every answer says to the browser.
func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; " +
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Referrer-Policy":              "same-origin",
		"Cache-Control":                "no-store",
	}
	b := w.browser(t)
	answers := map[string]answer{
		"signin": b.get(""), "refused": b.post("signin"), "not found": b.get("x"), "method": b.get("signin"), "ticket": b.get(fakeTicket),
		"redirect": b.post("signin", "username", "alice", "password", fakePassword), "account": b.get(""), "too large": b.post("signin", "x", strings.Repeat("x", maxBody)),
	}
	w.enrolled("Phone")
	b.post("signin", "username", "alice", "password", fakePassword).leadsTo("")
	if answers["wrong code"] = b.post("code", "code", "1"); answers["wrong code"].header.Get("Set-Cookie") == "" {
		t.Error("a page with a cookie was to be among them")
	}
	w.sessions.broken = true
	answers["unavailable"] = b.get("")
	for name, a := range answers {
		for _, header := range slices.Sorted(maps.Keys(want)) {
			if got := a.header.Values(header); len(got) != 1 || got[0] != want[header] {
				t.Errorf("%s: %s: %q", name, header, got)
			}
		}
		if a.header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s speaks for the whole host", name)
		}
	}
	style := b.get(w.handler.style.name).is(http.StatusOK, "prefers-color-scheme")
	if style.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || style.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("style: %v", style.header)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	for _, path := range []string{"x", "Enroll", "enroll/", "style-.css", "style-000000000000.css", "K7QM-4XH", "K7QM-4XHTT", "K7QM--4XHT", "../2fa", "%2e%2e/", "-", "--------"} {
		b.get(path).is(http.StatusNotFound, "no such page")
	}
	for _, path := range []string{"K7QM-4XHT", "k7qm4xht"} {
		b.get(path).is(http.StatusOK, `name="ticket"`)
	}
	b.base = w.server.URL + "/"
	b.get("2fa").leadsTo("")
	b.get("").is(http.StatusNotFound)
	b.get("signin").is(http.StatusNotFound)
}
