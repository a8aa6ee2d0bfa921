package enroll

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

// All refusals of a stranger read the same, and leave at the same time.
func TestRefusalsLookAlike(t *testing.T) {
	t.Parallel()
	const delay = 150 * time.Millisecond
	w := newWorld(t, func(o *Options) { o.RejectDelay = delay })
	b := w.browser(t)
	bodies := make(map[string]bool)
	for _, reason := range []access.Reason{access.UserUnknown, access.UserDisabled, access.PasswordWrong, access.Throttled, access.NameInvalid, access.RequestMalformed} {
		w.with(func(f *fake) {
			f.decide = func(access.Request) (access.Decision, error) {
				return access.Decision{Verdict: access.Reject, Reason: reason, LockedUntil: time.Now()}, nil
			}
		})
		begun := time.Now()
		a := b.post("signin", "username", "alice", "password", "x")
		if took := time.Since(begun); took < delay {
			t.Errorf("%s: refused after %v", reason, took)
		}
		bodies[fmt.Sprint(a.status, a.body)] = true
	}
	if len(bodies) != 1 {
		t.Errorf("%d kinds of refusals", len(bodies))
	}
	begun := time.Now()
	b.post("ticket", "ticket", "AAAA-AAAA").is(http.StatusUnprocessableEntity)
	if took := time.Since(begun); took < delay {
		t.Errorf("a wrong ticket was refused after %v", took)
	}
}

func TestJitter(t *testing.T) {
	t.Parallel()
	handler, err := New(newWorld(t).handler.options)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[time.Duration]bool)
	for range 20 {
		jitter := handler.jitter()
		if jitter < 0 || jitter >= maxJitter {
			t.Errorf("jitter %v", jitter)
		}
		seen[jitter] = true
	}
	if len(seen) < 10 {
		t.Errorf("%d kinds of jitter", len(seen))
	}
}

// Who had the right password is told what to do.
func TestReasonsAfterThePassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone")
	until := time.Date(2026, 11, 25, 14, 4, 30, 0, time.UTC)
	for reason, text := range map[access.Reason]string{
		access.CodeWrong: "That code was wrong", access.CodeUsed: "used already", access.CodeMalformed: "not a code",
		access.Locked: `after <time datetime="2026-11-25T14:05:00Z">25 November 2026, 14:05</time>`, access.LockedCodeRight: "14:05",
		access.StateExpired: "no longer valid", access.StateVoid: "no longer valid", access.EnrollmentClosed: "helpdesk",
	} {
		b := w.browser(t)
		b.signInHalf(w)
		w.with(func(f *fake) {
			f.decide = func(access.Request) (access.Decision, error) {
				return access.Decision{Verdict: access.Reject, Reason: reason, LockedUntil: until}, nil
			}
		})
		b.post("code", "code", "1").is(http.StatusUnprocessableEntity, text, `name="password"`)
		b.get("").is(http.StatusOK, `name="password"`)
		w.with(func(f *fake) { f.decide = nil })
	}
}

func (b *browser) signInHalf(w *world) {
	b.Helper()
	b.post("signin", "username", "alice", "password", fakePassword).leadsTo("")
}

// No faults are shown, and none lets anybody in.
func TestGateFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	for _, fault := range []error{access.ErrBusy, access.ErrBackend, access.ErrStore, fmt.Errorf("%w: dial tcp 10.0.0.7:389", access.ErrBackend), errors.New("odd")} {
		w.with(func(f *fake) {
			f.decide = func(access.Request) (access.Decision, error) {
				return access.Decision{Verdict: access.Accept, User: "alice"}, fault
			}
		})
		b.post("signin", "username", "alice", "password", fakePassword).is(http.StatusServiceUnavailable, "Not available").without("10.0.0.7", "odd")
	}
	for _, d := range []access.Decision{{}, {Verdict: access.Accept}, {Verdict: "other", User: "alice"}} {
		w.with(func(f *fake) { f.decide = func(access.Request) (access.Decision, error) { return d, nil } })
		b.post("signin", "username", "alice", "password", fakePassword).is(http.StatusServiceUnavailable)
	}
	if b.token() != "" {
		t.Error("there is a session")
	}
	w.with(func(f *fake) {
		f.decide = func(access.Request) (access.Decision, error) { panic("password " + fakePassword) }
	})
	b.post("signin", "username", "alice", "password", fakePassword).is(http.StatusInternalServerError, "Something went wrong").without(fakePassword, "goroutine")
	w.with(func(f *fake) {
		f.decide = func(r access.Request) (access.Decision, error) {
			return access.Decision{ID: string(r.Password[99])}, nil
		}
	})
	b.post("signin", "username", "alice", "password", fakePassword).is(http.StatusInternalServerError)
	log := w.log.String()
	if strings.Contains(log, fakePassword) || !strings.Contains(log, "index out of range") || !strings.Contains(log, "route=signin") || !strings.Contains(log, "10.0.0.7") {
		t.Errorf("log:\n%s", log)
	}
}

func TestBrokenStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn(w)
	w.sessions.mutex.Lock()
	w.sessions.broken = true
	w.sessions.mutex.Unlock()
	b.get("").is(http.StatusServiceUnavailable, "Not available").without("disk full")
	w.browser(t).post("signin", "username", "alice", "password", fakePassword).is(http.StatusServiceUnavailable).without("disk full")
	if log := w.log.String(); !strings.Contains(log, "disk full") {
		t.Errorf("log:\n%s", log)
	}
	w.browser(t).get("").is(http.StatusOK, `name="password"`) // nothing is needed for it
}

// The log names no ticket, code, password, cookie or query.
func TestLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.with(func(f *fake) { f.fault["ticket"], f.fault["standing"] = access.ErrStore, access.ErrStore })
	b := w.browser(t)
	b.post("ticket", "ticket", fakeTicket).is(http.StatusServiceUnavailable)
	b.post("signin?secret=query", "username", "alice", "password", fakePassword).is(http.StatusServiceUnavailable)
	b.post("signin", "username", strings.Repeat("n", 300), "password", fakePassword).is(http.StatusUnprocessableEntity)
	log := w.log.String()
	for _, secret := range []string{fakeTicket, fakePassword, "query", "nnn", "alice"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log:\n%s", secret, log)
		}
	}
	if strings.Count(log, "\n") != 3 {
		t.Errorf("log:\n%s", log)
	}
}
