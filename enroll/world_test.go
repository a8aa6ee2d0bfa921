package enroll

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// memory is a store of sessions that counts what is written.
type memory struct {
	mutex  sync.Mutex
	rows   map[string][]byte
	until  map[string]time.Time
	writes int
	broken bool
}

func newMemory() *memory {
	return &memory{rows: make(map[string][]byte), until: make(map[string]time.Time)}
}

var errBroken = errors.New("disk full at /var/lib/secret-place")

func (m *memory) SaveSession(_ context.Context, token string, old, data []byte, expires time.Time) (bool, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.broken {
		return false, errBroken
	}
	if !bytes.Equal(m.rows[token], old) {
		return false, nil
	}
	m.rows[token], m.until[token] = data, expires
	m.writes++
	return true, nil
}

func (m *memory) Session(_ context.Context, token string) ([]byte, bool, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.broken {
		return nil, false, errBroken
	}
	data, found := m.rows[token]
	return data, found && m.until[token].After(time.Now()), nil
}

func (m *memory) RemoveSession(_ context.Context, token string, old []byte) (bool, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	data, found := m.rows[token]
	if !found || old != nil && !bytes.Equal(data, old) {
		return false, nil
	}
	delete(m.rows, token)
	m.writes++
	return true, nil
}

// all is everything that is kept, in one text.
func (m *memory) all() string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var all strings.Builder
	for token, data := range m.rows {
		all.WriteString(token + " " + string(data) + "\n")
	}
	return all.String()
}

// world is a page that is served, with its fakes.
type world struct {
	*fake
	sessions *memory
	handler  *Handler
	server   *httptest.Server
	log      *syncBuffer
}

type syncBuffer struct {
	mutex sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(octets []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.Write(octets)
}

func (b *syncBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.String()
}

func newWorld(t testing.TB, change ...func(*Options)) *world {
	t.Helper()
	w := &world{sessions: newMemory(), fake: newFake(time.Now), log: new(syncBuffer)}
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }))
	address, err := url.Parse("http://" + w.server.Listener.Addr().String() + "/2fa/")
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Gate: w.fake, Enroller: w.fake, Sessions: w.sessions, URL: address, Site: "vpn.example.org", Support: "helpdesk@example.org",
		Returns: []string{"https://portal.example.org/vpn"}, Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, f := range change {
		f(&options)
	}
	if w.handler, err = New(options); err != nil {
		t.Fatal(err)
	}
	w.handler.jitter, w.handler.zone = func() time.Duration { return 0 }, time.UTC
	w.server.Start()
	t.Cleanup(w.server.Close)
	return w
}

// browser keeps cookies and follows no redirect by itself.
type browser struct {
	testing.TB
	*http.Client
	base   string
	header http.Header // sent with each request
}

func (w *world) browser(t testing.TB) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{TB: t, base: w.server.URL + "/2fa/", header: make(http.Header), Client: &http.Client{Jar: jar, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back.
type answer struct {
	testing.TB
	status int
	header http.Header
	body   string
}

func (b *browser) get(path string) answer {
	b.Helper()
	return b.do(http.MethodGet, path, "", nil)
}

// post sends a form of names and values in turn.
func (b *browser) post(path string, fields ...string) answer {
	b.Helper()
	form := make(url.Values)
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (b *browser) do(method, path, contentType string, body io.Reader) answer {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.base+path, body)
	if err != nil {
		b.Fatal(err)
	}
	r.Header = b.header.Clone()
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := b.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return answer{b.TB, response.StatusCode, response.Header, string(text)}
}

// token is the session that the browser has, "" for none.
func (b *browser) token() string {
	b.Helper()
	u, err := url.Parse(b.base)
	if err != nil {
		b.Fatal(err)
	}
	for _, cookie := range b.Jar.Cookies(u) {
		if strings.HasSuffix(cookie.Name, "vpn-otpd") {
			return cookie.Value
		}
	}
	return ""
}

func (a answer) is(status int, texts ...string) answer {
	a.Helper()
	if a.status != status {
		a.Fatalf("status %d, not %d:\n%s", a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			a.Fatalf("no %q in:\n%s", text, a.body)
		}
	}
	return a
}

func (a answer) without(texts ...string) answer {
	a.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			a.Errorf("%q in:\n%s", text, a.body)
		}
	}
	return a
}

func (a answer) leadsTo(path string) {
	a.Helper()
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/2fa/"+path {
		a.Fatalf("status %d to %q, not to %q:\n%s", a.status, a.header.Get("Location"), path, a.body)
	}
}

// signIn signs alice in, with a code where she has a device.
func (b *browser) signIn(w *world) {
	b.Helper()
	a := b.post("signin", "username", "alice", "password", fakePassword)
	w.mutex.Lock()
	enrolled := len(w.standing.Account.Devices) > 0
	w.mutex.Unlock()
	if enrolled {
		a.leadsTo("")
		a = b.post("code", "code", fakeCode)
	}
	if a.status != http.StatusSeeOther {
		b.Fatalf("signing in: status %d:\n%s", a.status, a.body)
	}
}

// mark is the hidden field of an enrollment's form.
func (a answer) mark() string {
	a.Helper()
	_, rest, found := strings.Cut(a.body, `name="enrollment" value="`)
	mark, _, ended := strings.Cut(rest, `"`)
	if !found || !ended {
		a.Fatalf("no mark in:\n%s", a.body)
	}
	return mark
}
