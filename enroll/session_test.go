package enroll

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

// Whoever looks, or is refused, leaves nothing behind.
func TestNothingToKeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.get("?return=https://portal.example.org/vpn").is(http.StatusOK)
	b.get("K7QM-4XHT").is(http.StatusOK)
	b.get("enroll").leadsTo("")
	b.get("change?do=add").leadsTo("")
	b.get("nothing").is(http.StatusNotFound)
	b.post("signin", "username", "alice", "password", "wrong").is(http.StatusUnprocessableEntity)
	b.post("ticket", "ticket", "AAAA-AAAA").is(http.StatusUnprocessableEntity)
	b.post("code", "code", fakeCode).leadsTo("")
	b.post("signout").leadsTo("")
	b.post("language", "language", "de").leadsTo("")
	b.post("enroll").is(http.StatusForbidden, "Ihre Sitzung ist beendet")
	b.post("confirm", "code", fakeCode).is(http.StatusForbidden)
	b.post("change", "do", "add", "code", fakeCode).is(http.StatusForbidden)
	if w.sessions.writes != 0 || b.token() != "" {
		t.Errorf("%d writes, token %q", w.sessions.writes, b.token())
	}
}

// A token that somebody planted, or saw, is worth nothing after the next step.
func TestTokensAreNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone")
	b := w.browser(t)
	address, err := url.Parse(b.base)
	if err != nil {
		t.Fatal(err)
	}
	planted := strings.Repeat("A", tokenLength)
	b.Jar.SetCookies(address, []*http.Cookie{{Name: "vpn-otpd", Value: planted, Path: "/2fa/"}})
	seen := map[string]bool{planted: true}
	next := func(step string) {
		t.Helper()
		if token := b.token(); token == "" || seen[token] {
			t.Errorf("%s: the token %q isn't new", step, token)
		} else {
			seen[token] = true
		}
	}
	b.post("signin", "username", "alice", "password", fakePassword).leadsTo("")
	next("password")
	b.post("code", "code", fakeCode).leadsTo("")
	next("code")
	b.post("ticket", "ticket", fakeTicket).leadsTo("enroll")
	next("ticket")
	last := b.token()
	b.post("signout").leadsTo("")
	if b.token() != "" {
		t.Error("the cookie outlived the session")
	}
	for token := range seen {
		stranger := w.browser(t)
		stranger.Jar.SetCookies(address, []*http.Cookie{{Name: "vpn-otpd", Value: token, Path: "/2fa/"}})
		stranger.get("").is(http.StatusOK, `name="password"`)
		stranger.get("enroll").leadsTo("")
	}
	if rows := w.sessions.all(); rows != "" {
		t.Errorf("after signing out with %q there is left: %s", last, rows)
	}
}

// The store has hashes of tokens, and nothing that opens anything.
func TestWhatSessionsHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone")
	b := w.browser(t)
	var kept strings.Builder
	step := func(a answer) answer {
		kept.WriteString(w.sessions.all() + b.token() + "\n")
		if token := b.token(); token != "" && strings.Contains(w.sessions.all(), token) {
			t.Error("the store has a token itself")
		}
		return a
	}
	step(b.post("signin", "username", "alice", "password", fakePassword))
	step(b.post("code", "code", fakeCode))
	step(b.post("change", "do", "add", "code", fakeCode)).leadsTo("enroll")
	mark := step(b.get("enroll")).mark()
	step(b.post("confirm", "enrollment", mark, "code", fakeCode, "label", "Tablet")).is(http.StatusOK)
	step(b.post("change", "do", "recovery", "code", fakeCode)).is(http.StatusOK)
	for _, secret := range []string{fakeSecret, fakePassword, fakeCode, "a7mq-rt4x-kp9d", "otpauth", "Tablet"} {
		if strings.Contains(kept.String(), secret) || strings.Contains(w.log.String(), secret) {
			t.Errorf("%q is in a session or in the log", secret)
		}
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://vpn.example.org/":     "__Host-vpn-otpd=; Path=/; HttpOnly; Secure; SameSite=Lax",
		"https://vpn.example.org/2fa/": "__Secure-vpn-otpd=; Path=/2fa/; HttpOnly; Secure; SameSite=Lax",
		"http://127.0.0.1:8080/2fa/":   "vpn-otpd=; Path=/2fa/; HttpOnly; SameSite=Lax",
	} {
		w := newWorld(t, func(o *Options) {
			var err error
			if o.URL, err = url.Parse(address); err != nil {
				t.Fatal(err)
			}
		})
		r := httptest.NewRequest(http.MethodPost, w.handler.base+"signin", strings.NewReader(url.Values{
			"username": {"alice"}, "password": {fakePassword}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		recorder := httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, r)
		cookies := recorder.Result().Cookies()
		if len(cookies) != 1 || len(cookies[0].Value) != tokenLength {
			t.Fatalf("%s: %v", address, cookies)
		}
		got := strings.Replace(recorder.Header().Get("Set-Cookie"), cookies[0].Value, "", 1)
		if got != want {
			t.Errorf("%s: %s, not %s", address, got, want)
		}
	}
}

// A session that is only looked at is written once a minute, and lives for 15
// minutes after it, 8 hours at most.
func TestSessionTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn(w)
	before := w.sessions.writes
	b.get("").is(http.StatusOK)
	b.get("").is(http.StatusOK)
	if w.sessions.writes != before {
		t.Errorf("looking wrote %d times", w.sessions.writes-before)
	}
	for _, until := range w.sessions.until {
		if left := time.Until(until); left > sessionIdle || left < sessionIdle-time.Minute {
			t.Errorf("the session lives for %v", left)
		}
	}
	later := time.Now().Add(2 * time.Minute)
	w.handler.now = func() time.Time { return later }
	b.get("").is(http.StatusOK)
	if w.sessions.writes != before+1 {
		t.Errorf("after two minutes looking wrote %d times", w.sessions.writes-before)
	}
	if w.handler.sessions.Lifetime != 8*time.Hour || w.handler.sessions.IdleTimeout != 15*time.Minute {
		t.Errorf("times %v and %v", w.handler.sessions.Lifetime, w.handler.sessions.IdleTimeout)
	}
}

func TestSessionSize(t *testing.T) {
	t.Parallel()
	full := visit{Name: strings.Repeat("&", maxUserName), State: strings.Repeat("x", 64), Return: strings.Repeat("&", maxReturn),
		Pass: access.Pass{User: strings.Repeat("&", maxUserName), Kind: sessionKind, Enrollment: make([]byte, 16)}}
	if _, err := (sessionCodec{}).Encode(time.Now(), map[string]any{visitKey: full}); err != nil {
		t.Errorf("the largest session: %v", err)
	}
	full.Return = strings.Repeat("&", 10*maxReturn)
	if _, err := (sessionCodec{}).Encode(time.Now(), map[string]any{visitKey: full}); err == nil {
		t.Error("a session of any size was kept")
	}
}

// What this version can't read is no session, and no error.
func TestUnreadableSession(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "x", `{"Deadline":"2099-01-01T00:00:00Z","Visit":{"Pass":{"User":"alice"},"Future":1}}`} {
		w := newWorld(t)
		b := w.browser(t)
		b.signIn(w)
		for token := range w.sessions.rows {
			w.sessions.rows[token] = []byte(data)
		}
		b.get("").is(http.StatusOK, `name="password"`)
	}
}
