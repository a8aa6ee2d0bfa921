package enroll

import (
	"context"
	"net/http"
	"testing"
	"time"
)

// between lets another request of the same browser run in the middle of one.
type between struct {
	*memory
	afterLoad, beforeSave func()
}

func once(f *func()) {
	if run := *f; run != nil {
		*f = nil
		run()
	}
}

func (b *between) Session(ctx context.Context, token string) ([]byte, bool, error) {
	data, found, err := b.memory.Session(ctx, token)
	once(&b.afterLoad)
	return data, found, err
}

func (b *between) SaveSession(ctx context.Context, token string, old, data []byte, expires time.Time) (bool, error) {
	once(&b.beforeSave)
	return b.memory.SaveSession(ctx, token, old, data, expires)
}

func raceWorld(t *testing.T) (*world, *between) {
	var sessions *between
	w := newWorld(t, func(o *Options) {
		sessions = &between{memory: o.Sessions.(*memory)}
		o.Sessions = sessions
	})
	return w, sessions
}

// A request under way doesn't bring back who signs out meanwhile.
func TestSignedOutMeanwhile(t *testing.T) {
	t.Parallel()
	w, sessions := raceWorld(t)
	w.enrolled("Phone")
	b := w.browser(t)
	b.signIn(w)
	sessions.beforeSave = func() { b.post("signout").leadsTo("") }
	late := b.post("change", "do", "add", "code", fakeCode)
	if late.header.Get("Set-Cookie") != "" || len(sessions.rows) != 0 || b.token() != "" {
		t.Errorf("cookie %q, %d sessions", late.header.Get("Set-Cookie"), len(sessions.rows))
	}
	b.get("").is(http.StatusOK, `name="password"`)
}

// Of two confirmations at once the late one leaves the session of the first alone.
func TestConfirmedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	w, sessions := raceWorld(t)
	b := w.browser(t)
	b.signIn(w)
	b.post("enroll").leadsTo("enroll")
	mark := b.get("enroll").mark()
	fields := []string{"enrollment", mark, "code", fakeCode, "label", "Phone"}
	sessions.afterLoad = func() { b.post("confirm", fields...).is(http.StatusOK, "a7mq-rt4x-kp9d") }
	if late := b.post("confirm", fields...); late.header.Get("Set-Cookie") != "" {
		t.Errorf("status %d, cookie %q", late.status, late.header.Get("Set-Cookie"))
	}
	b.get("").is(http.StatusOK, "Phone").without(`name="password"`)
}

// A mistyped sign-in in another tab leaves a ticket with its browser.
func TestTicketOutlivesASignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.post("ticket", "ticket", fakeTicket).leadsTo("enroll")
	b.post("signin", "username", "alice", "password", "wrong").is(http.StatusUnprocessableEntity)
	b.get("enroll").is(http.StatusOK, `id="qr"`)
}

// Of two cookies of the name one was planted: neither counts.
func TestPlantedCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone")
	thief, b := w.browser(t), w.browser(t)
	thief.signIn(w)
	b.signIn(w)
	b.get("").is(http.StatusOK, "Phone")
	b.header.Set("Cookie", "vpn-otpd="+thief.token())
	b.get("").is(http.StatusOK, `name="password"`)
}
