package enroll

import (
	"net/http"
	"testing"

	"vpn-otpd/radiusd/access"
)

// From signing in to the recovery codes, by force.
func TestForcedEnrollment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.with(func(f *fake) { f.standing.Policy = access.StandingEnforced })
	b := w.browser(t)
	b.get("?return=https://portal.example.org/vpn/start").is(http.StatusOK, `name="return" value="https://portal.example.org/vpn/start"`, `name="username"`, `name="ticket"`)
	b.post("signin", "username", "Alice", "password", fakePassword, "return", "https://portal.example.org/vpn/start").leadsTo("enroll")
	page := b.get("enroll").is(http.StatusOK, "<svg", "JBSW", "otpauth://totp/vpn.example.org:alice", `autocomplete="one-time-code"`, `value="Phone"`)
	b.post("confirm", "enrollment", page.mark(), "code", "000000", "label", "My phone").
		is(http.StatusUnprocessableEntity, "does not fit", `value="My phone"`, `role="alert"`, "<title>Error: ")
	b.post("confirm", "enrollment", page.mark(), "code", fakeCode, "label", "My phone").
		is(http.StatusOK, "a7mq-rt4x-kp9d", "j7mq-rt4x-kp9d", "My phone", "Continue to portal.example.org").without(fakeSecret, "<svg class")
	b.get("").is(http.StatusOK, "My phone", "10 recovery codes", "Continue to portal.example.org")
}

// With a device, the code is asked, and the State stays on the server.
func TestSignInWithCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone")
	b := w.browser(t)
	b.post("signin", "username", "alice", "password", fakePassword).leadsTo("")
	b.get("").is(http.StatusOK, `action="/2fa/code"`, `name="code"`).without("state-1")
	b.post("code", "code", "999999").is(http.StatusUnprocessableEntity, "That code was wrong").without("state-2")
	b.post("code", "code", fakeCode).leadsTo("")
	b.get("").is(http.StatusOK, "Your devices", "Phone")
	last := w.requests[len(w.requests)-1]
	if last.State != "state-2" || last.UserName != "alice" || last.Client.Name != access.WebClient || last.Client.Mode != access.ModeWeb ||
		!last.Client.RequireAlways || last.CallingStation != "127.0.0.1" || last.Arrived.IsZero() {
		t.Errorf("asked %+v", last)
	}
	b.post("signout").leadsTo("")
	b.get("").is(http.StatusOK, `name="password"`)
}

// A ticket is looked up when the button is pressed, and leads to an address
// without it.
func TestTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.get("k7qm-4xht").is(http.StatusOK, `name="ticket" value="K7QM-4XHT"`, `method="post" action="/2fa/ticket"`)
	if w.opened != nil || w.sessions.writes != 0 {
		t.Fatal("a look at the page opened the ticket")
	}
	b.post("ticket", "ticket", fakeTicket).leadsTo("enroll")
	page := b.get("enroll").is(http.StatusOK, "<svg")
	b.get("").leadsTo("enroll")
	b.post("ticket", "ticket", fakeTicket).leadsTo("enroll") // the same browser may
	w.browser(t).post("ticket", "ticket", fakeTicket).is(http.StatusUnprocessableEntity, "another browser")
	w.browser(t).post("ticket", "ticket", "AAAA-AAAA").is(http.StatusUnprocessableEntity, "not valid", `name="ticket"`)
	b.post("confirm", "enrollment", page.mark(), "code", fakeCode, "label", "Phone").
		is(http.StatusOK, "Almost done", "a7mq-rt4x-kp9d", "once the connection stands")
	b.get("enroll").is(http.StatusOK, "Almost done").without("a7mq-rt4x-kp9d", fakeSecret, "<svg class")
	// It opens the enrollment and nothing else.
	for _, path := range []string{"change?do=recovery", "change?do=remove&device=Phone"} {
		b.get(path).leadsTo("")
	}
	b.post("change", "do", "recovery", "code", fakeCode).leadsTo("")
	b.post("enroll").leadsTo("")
}

// An invitation enrolls, and leaves nobody signed in.
func TestInvitation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.with(func(f *fake) { f.invited = true })
	b := w.browser(t)
	b.post("ticket", "ticket", fakeTicket, "return", "https://portal.example.org/vpn").leadsTo("enroll")
	page := b.get("enroll").is(http.StatusOK, "<svg").without(`id="cancel"`)
	b.post("confirm", "enrollment", page.mark(), "code", fakeCode, "label", "Phone").
		is(http.StatusOK, "Your device is set up", "a7mq-rt4x-kp9d", "Continue to portal.example.org").without(`id="signout"`)
	if b.token() != "" || w.sessions.all() != "" {
		t.Errorf("token %q, kept %s", b.token(), w.sessions.all())
	}
	b.get("enroll").leadsTo("")
	b.get("").is(http.StatusOK, `name="password"`)
}

// Each change asks for a fresh code first.
func TestChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Old phone", "Tablet")
	b := w.browser(t)
	b.signIn(w)
	b.post("enroll").leadsTo("change?do=add")
	b.post("enroll", "replaces", "Old phone").leadsTo("change?device=Old+phone&do=replace")
	b.get("change?device=Old+phone&do=replace").is(http.StatusOK, "Old phone", `name="code"`)
	b.post("change", "do", "replace", "device", "Old phone", "code", "1").is(http.StatusUnprocessableEntity, "That code was wrong")
	b.post("change", "do", "replace", "device", "Old phone", "code", fakeCode).leadsTo("enroll")
	page := b.get("enroll").is(http.StatusOK, "Old phone")
	b.post("confirm", "enrollment", page.mark(), "code", fakeCode, "label", "New phone").is(http.StatusOK, "New phone")
	b.post("change", "do", "recovery").is(http.StatusUnprocessableEntity, "That code was wrong")
	b.post("change", "do", "recovery", "code", fakeCode).is(http.StatusOK, "Your recovery codes", "j7mq-rt4x-kp9d")
	b.post("change", "do", "remove", "device", "Tablet", "code", fakeCode).leadsTo("")
	b.get("").is(http.StatusOK, "The device was removed.").without("Tablet")
	b.get("").is(http.StatusOK).without("The device was removed.")
	b.get("change?do=destroy").is(http.StatusNotFound)
	b.post("change", "do", "destroy", "code", fakeCode).is(http.StatusBadRequest)
}
