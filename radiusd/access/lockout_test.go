package access_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

func (w *world) fail(times int) {
	w.Helper()
	for n := range times {
		if d := w.ask(codeOnly(), "alice", w.wrong(n+1)); d.Verdict == access.Accept {
			w.Fatal("a wrong code was accepted")
		}
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.fail(4)
	w.want(w.ask(codeOnly(), "alice", w.wrong(5)), access.Reject, access.Locked)
	d := w.ask(codeOnly(), "alice", w.code(0))
	w.want(d, access.Reject, access.LockedCodeRight)
	if want := w.clock.Now().Add(15 * time.Minute); !d.LockedUntil.Equal(want) {
		t.Errorf("locked until %v, want %v", d.LockedUntil, want)
	}
	w.clock.Add(15*time.Minute - time.Second)
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Reject, access.LockedCodeRight)
	w.clock.Add(time.Second)
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Accept, access.TOTPAccepted)
}

// A right code during a lock is answered as a wrong one: the same verdict, tries
// and time.
func TestLockTellsNothing(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.fail(5)
	answers := make(map[string]access.Decision)
	for name, code := range map[string]string{"right": w.code(0), "wrong": w.wrong(9), "malformed": "x"} {
		d := w.ask(challenge(), "alice", password)
		w.want(d, access.Challenge, access.Locked)
		answers[name] = w.answer(challenge(), "alice", d.State, code)
	}
	for name, d := range answers {
		if d.Verdict != access.Challenge || d.TriesLeft != 2 || !d.LockedUntil.Equal(answers["wrong"].LockedUntil) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	w.want(answers["right"], access.Challenge, access.LockedCodeRight)
	w.want(answers["wrong"], access.Challenge, access.Locked)
}

func TestLockDoubles(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for _, want := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour, 24 * time.Hour} {
		w.fail(5)
		d := w.ask(codeOnly(), "alice", w.wrong(9))
		w.want(d, access.Reject, access.Locked)
		if got := d.LockedUntil.Sub(w.clock.Now()); got != want {
			t.Fatalf("locked for %v, want %v", got, want)
		}
		w.clock.Add(want)
	}
	w.clock.Add(10 * 24 * time.Hour)
	w.fail(5)
	if d := w.ask(codeOnly(), "alice", w.wrong(9)); d.LockedUntil.Sub(w.clock.Now()) != 15*time.Minute {
		t.Errorf("after ten days locked for %v", d.LockedUntil.Sub(w.clock.Now()))
	}
}

// A success takes no failure away: only time does.
func TestSuccessClearsNothing(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.fail(4)
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Accept, access.TOTPAccepted)
	w.want(w.ask(codeOnly(), "alice", w.wrong(9)), access.Reject, access.Locked)
}

func TestFailuresAge(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.fail(4)
	w.clock.Add(time.Hour) // one is forgotten
	w.want(w.ask(codeOnly(), "alice", w.wrong(8)), access.Reject, access.CodeWrong)
	w.want(w.ask(codeOnly(), "alice", w.wrong(9)), access.Reject, access.Locked)
}

func TestWhatDoesNotCount(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	code := w.code(0)
	w.want(w.ask(codeOnly(), "alice", code), access.Accept, access.TOTPAccepted)
	state := func() string { return w.challenged(challenge(), "alice") }
	for range 3 {
		for _, typed := range []string{"", "alice", "\b\n\r\x7fINCORRECT", "12345", "1234567", "not a code", "\x00\xff", code} {
			w.answer(challenge(), "alice", state(), typed)
			w.ask(codeOnly(), "alice", typed)
		}
		w.ask(challenge(), "alice", password)
		w.ask(appended(), "alice", password)
	}
	w.want(w.ask(codeOnly(), "alice", w.code(1)), access.Accept, access.TOTPAccepted)
	account, err := w.accounts.User(t.Context(), "alice")
	w.must(err)
	if account.Lock.Failures != 0 {
		t.Errorf("%d failures were counted", account.Lock.Failures)
	}
}

// A client that repeats itself makes one failure within 30 s.
func TestSameWrongFieldCountsOnce(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for range 20 {
		w.want(w.ask(codeOnly(), "alice", w.wrong(1)), access.Reject, access.CodeWrong)
		w.clock.Add(time.Second)
	}
	w.clock.Add(11 * time.Second)
	wrong := w.wrong(1)
	for range 3 {
		w.want(w.ask(codeOnly(), "alice", wrong), access.Reject, access.CodeWrong)
		w.clock.Add(31 * time.Second)
	}
	w.want(w.ask(codeOnly(), "alice", wrong), access.Reject, access.Locked)
}

// Strangers, who have no right password, lock nobody out.
func TestWrongPasswordsLockNothing(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for n := range 50 {
		w.ask(appended(), "alice", "wrong"+w.wrong(n))
		w.ask(challenge(), "alice", "SCRV1:d3Jvbmc=:MTIzNDU2")
	}
	w.clock.Add(time.Hour)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), w.code(0)), access.Accept, access.TOTPAccepted)
}

// Guesses at once count as guesses one after the other.
func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	var all sync.WaitGroup
	for n := range 64 {
		all.Go(func() { w.ask(codeOnly(), "alice", w.wrong(n)) })
	}
	all.Wait()
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Reject, access.LockedCodeRight)
	account, err := w.accounts.User(t.Context(), "alice")
	w.must(err)
	if account.Lock.Level != 1 {
		t.Errorf("locked %d times, want once: a lock counts no more", account.Lock.Level)
	}
}

func TestLockRaisesAnAlarm(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.fail(7)
	alarms := 0
	for _, record := range w.records("alice") {
		if record.Event == access.EventAlarm {
			alarms++
		}
	}
	if alarms != 1 || strings.Count(w.log.String(), "password may be stolen") != 1 {
		t.Errorf("%d alarms recorded, %d logged, want one each", alarms, strings.Count(w.log.String(), "password may be stolen"))
	}
}

func TestResetAndUnlockClearTheLock(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.fail(5)
	w.must(w.accounts.Unlock(t.Context(), admin, "alice"))
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Accept, access.TOTPAccepted)
	w.fail(5)
	w.must(w.accounts.Reset(t.Context(), admin, "alice"))
	w.addDevice("alice", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
	w.want(w.ask(codeOnly(), "alice", codeOf(w, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", 0)), access.Accept, access.TOTPAccepted)
}

func TestLockOutlivesRestart(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.fail(5)
	w.restart()
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Reject, access.LockedCodeRight)
}
