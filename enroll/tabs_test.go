package enroll

import (
	"net/http"
	"testing"

	"vpn-otpd/radiusd/access"
)

// A second tab shows the same secret, and either tab may confirm it.
func TestSecondTab(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn(w)
	b.post("enroll").leadsTo("enroll")
	first := b.get("enroll").is(http.StatusOK, "JBSW")
	b.post("enroll").leadsTo("enroll")
	second := b.get("enroll").is(http.StatusOK, "JBSW")
	if w.begun != 1 || first.mark() != second.mark() {
		t.Errorf("begun %d times, marks %s and %s", w.begun, first.mark(), second.mark())
	}
	b.post("confirm", "enrollment", second.mark(), "code", fakeCode, "label", "Phone").is(http.StatusOK, "a7mq-rt4x-kp9d")
	b.post("confirm", "enrollment", first.mark(), "code", fakeCode, "label", "Phone").leadsTo("")
}

// The back button after the enrollment, and a reload of the recovery codes.
func TestBackButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn(w)
	b.post("enroll").leadsTo("enroll")
	mark := b.get("enroll").mark()
	b.post("confirm", "enrollment", mark, "code", fakeCode, "label", "Phone").is(http.StatusOK, "a7mq-rt4x-kp9d")
	b.get("enroll").leadsTo("")
	b.get("confirm").leadsTo("")
	b.post("confirm", "enrollment", mark, "code", fakeCode, "label", "Phone").leadsTo("")
	b.get("").is(http.StatusOK, "Phone").without("a7mq-rt4x-kp9d", fakeSecret)
	b.post("code", "code", fakeCode).leadsTo("")
}

// Two enrollments at once in one browser: the newer counts, and a page of the
// older says so instead of calling its code wrong.
func TestTwoEnrollments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone")
	b := w.browser(t)
	b.signIn(w)
	b.post("change", "do", "add", "code", fakeCode).leadsTo("enroll")
	adding := b.get("enroll").mark()
	b.post("change", "do", "replace", "device", "Phone", "code", fakeCode).leadsTo("enroll")
	replacing := b.get("enroll").is(http.StatusOK, "takes the place of “Phone”").mark()
	if adding == replacing {
		t.Fatal("two enrollments have one mark")
	}
	b.post("confirm", "enrollment", adding, "code", fakeCode, "label", "Tablet").is(http.StatusConflict, "Another setup was begun", replacing)
	b.post("confirm", "code", fakeCode, "label", "Tablet").is(http.StatusConflict)
	if len(w.standing.Account.Devices) != 1 {
		t.Error("the older one was confirmed")
	}
	b.post("confirm", "enrollment", replacing, "code", fakeCode, "label", "Tablet").is(http.StatusOK)
	// Two browsers: one ends the other's session.
	other := w.browser(t)
	other.signIn(w)
	other.post("change", "do", "add", "code", fakeCode).leadsTo("enroll")
	mark := other.get("enroll").mark()
	w.with(func(f *fake) { f.epoch++ })
	other.post("confirm", "enrollment", mark, "code", fakeCode, "label", "x").is(http.StatusForbidden, "Your session is over", `name="password"`)
}

func TestExpiredSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn(w)
	b.post("enroll").leadsTo("enroll")
	mark := b.get("enroll").mark()
	w.with(func(f *fake) { f.pending = nil })
	b.post("confirm", "enrollment", mark, "code", fakeCode, "label", "x").is(http.StatusConflict, "Begin again", `action="/2fa/enroll"`)
	b.get("enroll").leadsTo("")
	b.post("enroll").leadsTo("enroll")
	b.get("enroll").is(http.StatusOK, "<svg")
}

// A reset ends every session at its next step, whatever that is.
func TestResetEndsSession(t *testing.T) {
	t.Parallel()
	steps := map[string]func(*browser) answer{
		"look":    func(b *browser) answer { return b.get("") },
		"enroll":  func(b *browser) answer { return b.get("enroll") },
		"begin":   func(b *browser) answer { return b.post("enroll") },
		"change":  func(b *browser) answer { return b.post("change", "do", "recovery", "code", fakeCode) },
		"confirm": func(b *browser) answer { return b.post("confirm", "enrollment", "x", "code", fakeCode) },
	}
	for name, step := range steps {
		w := newWorld(t)
		w.enrolled("Phone")
		b := w.browser(t)
		b.signIn(w)
		b.post("change", "do", "add", "code", fakeCode).leadsTo("enroll")
		b.get("enroll").is(http.StatusOK)
		w.with(func(f *fake) { f.epoch++ })
		if a := step(b); a.status != http.StatusForbidden || b.token() != "" {
			t.Errorf("%s: status %d, token %q:\n%s", name, a.status, b.token(), a.body)
		}
		if left := w.sessions.all(); left != "" {
			t.Errorf("%s: left %s", name, left)
		}
		b.get("").is(http.StatusOK, `name="password"`).without("Your session is over")
	}
}

// Each fault has a page that says what to do.
func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone")
	b := w.browser(t)
	b.signIn(w)
	for fault, text := range map[access.EnrollmentFault]string{
		access.FaultNoDevice: "no device of that name", access.FaultMayNotRemove: "be removed", access.FaultDisabled: "switched off",
		access.FaultClosed: "setup code", access.FaultTooMany: "as many devices",
	} {
		w.with(func(f *fake) { f.fault["remove"], f.fault["begin"] = fault, fault })
		b.post("change", "do", "remove", "device", "Phone", "code", fakeCode).is(http.StatusConflict, text, `role="alert"`, `href="/2fa/"`)
		b.post("enroll").is(http.StatusConflict, text)
	}
	w.with(func(f *fake) { f.fault["remove"], f.fault["begin"] = access.FaultFresh, access.FaultFresh })
	b.post("change", "do", "remove", "device", "Phone", "code", fakeCode).is(http.StatusUnprocessableEntity, "fresh code", `name="code"`)
	// Forced, but closed: the account page says why.
	w.with(func(f *fake) {
		f.fault["begin"], f.standing.Policy, f.standing.Account.Devices = access.FaultClosed, access.StandingEnforced, nil
	})
	b.post("signin", "username", "alice", "password", fakePassword).leadsTo("")
}

// The code that was given counts, but isn't asked for twice within its time.
func TestFreshCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone")
	b := w.browser(t)
	b.signIn(w)
	b.get("change?do=recovery").is(http.StatusOK, `name="code"`)
	w.with(func(f *fake) { f.fault["recovery"] = access.FaultNoDevice })
	b.post("change", "do", "recovery", "code", fakeCode).is(http.StatusConflict)
	w.with(func(f *fake) { delete(f.fault, "recovery") })
	b.get("change?do=recovery").is(http.StatusOK, "that is enough").without(`name="code"`)
	b.post("change", "do", "recovery").is(http.StatusOK, "a7mq-rt4x-kp9d")
	b.get("change?do=recovery").is(http.StatusOK, `name="code"`)
	b.post("change", "do", "recovery").is(http.StatusUnprocessableEntity)
}
