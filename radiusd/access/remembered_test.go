package access_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

const station = "192.0.2.1"

// remembering is a client that lets users reconnect.
func remembering() access.Client {
	c := challenge()
	c.RememberFor = 12 * time.Hour
	return c
}

// remembers is a world where alice may reconnect from her device.
func remembers(t *testing.T) *world {
	w := enforced(t)
	w.settings.RememberFor = map[string]time.Duration{"vpn1": 12 * time.Hour}
	w.gate.Set(w.settings)
	w.logIn(remembering(), "alice", station)
	return w
}

// reconnect is a new login from a device.
func (w *world) reconnect(client access.Client, station, field string) access.Decision {
	w.Helper()
	return w.check(access.Request{Client: client, UserName: "alice", Password: []byte(field), CallingStation: station})
}

// logIn is a full login, with the code of a device that shows the usual secret.
func (w *world) logIn(client access.Client, user, station string) {
	w.Helper()
	d := w.check(access.Request{Client: client, UserName: user, Password: []byte(password), CallingStation: station})
	w.want(d, access.Challenge, access.CodeNeeded)
	d = w.check(access.Request{Client: client, UserName: user, Password: []byte(w.code(0)), State: d.State, CallingStation: station})
	w.want(d, access.Accept, access.TOTPAccepted)
}

func (w *world) wantRemembered(count int) {
	w.Helper()
	live, err := w.accounts.RememberedLogins(w.Context(), "alice")
	if w.must(err); len(live) != count {
		w.Errorf("%d are remembered, want %d", len(live), count)
	}
}

// kept are the rows of a user, whether or not they still count for a login.
func (w *world) kept(user string) (logins []store.Remembered) {
	w.Helper()
	w.must(w.store.View(w.Context(), func(tx *store.Tx) (err error) {
		logins, err = tx.RememberedLogins(user)
		return err
	}))
	return logins
}

// The same device reconnects on the password alone, from any port and however its
// address is written, and the time counts from the full login.
func TestRememberedReconnect(t *testing.T) {
	t.Parallel()
	w := remembers(t)
	w.wantRemembered(1)
	w.clock.Add(8 * time.Hour)
	for _, same := range []string{station, " 192.0.2.1 ", "192.0.2.1[34161]", "192.0.2.1:34161", "::ffff:192.0.2.1"} {
		d := w.reconnect(remembering(), same, password)
		w.want(d, access.Accept, access.LoginRemembered)
	}
	w.clock.Add(4*time.Hour - time.Second)
	w.want(w.reconnect(remembering(), station, password), access.Accept, access.LoginRemembered)
	w.clock.Add(time.Second)
	w.want(w.reconnect(remembering(), station, password), access.Challenge, access.CodeNeeded)
	w.wantRemembered(0)
}

// A device is known by more than addresses, whatever the case.
func TestRememberedByMAC(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.logIn(remembering(), "alice", "AA-BB-CC-DD-EE-FF")
	for _, same := range []string{"aa-bb-cc-dd-ee-ff", " AA-BB-CC-DD-EE-FF "} {
		w.want(w.reconnect(remembering(), same, password), access.Accept, access.LoginRemembered)
	}
	w.want(w.reconnect(remembering(), "aa-bb-cc-dd-ee-fe", password), access.Challenge, access.CodeNeeded)
}

// In one field too, where the code may be left out.
func TestRememberedAppended(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	client := appended()
	client.RememberFor = time.Hour
	w.want(w.reconnect(client, station, password+w.code(0)), access.Accept, access.TOTPAccepted)
	w.want(w.reconnect(client, station, password), access.Accept, access.LoginRemembered)
	w.want(w.reconnect(client, "192.0.2.2", password), access.Reject, access.CodeNeeded)
	w.want(w.reconnect(client, station, password+w.code(0)), access.Reject, access.CodeUsed)
}

// What ends it. Each of these lets the right password alone in no more.
func TestRememberedEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do     func(*world)
		reason access.Reason // of the challenge
	}{
		"new password":  {func(w *world) { w.must(w.accounts.SetPassword(w.Context(), admin, "alice", []byte("new"))) }, access.CodeNeeded},
		"second device": {func(w *world) { w.addDevice("alice", otherSecret) }, access.CodeNeeded},
		"lost device": {func(w *world) {
			w.must(w.accounts.Reset(w.Context(), admin, "alice"))
			w.addDevice("alice", secret)
		}, access.CodeNeeded},
		"device removed": {func(w *world) {
			w.addDevice("alice", otherSecret)
			w.clock.Add(time.Minute)
			w.logIn(remembering(), "alice", station)
			w.wantRemembered(1)
			w.must(w.accounts.RemoveDevice(w.Context(), admin, "alice", "phone "+otherSecret[:2]))
		}, access.CodeNeeded},
		"disabled for a while": {func(w *world) {
			w.must(w.accounts.SetDisabled(w.Context(), admin, "alice", true))
			w.must(w.accounts.SetDisabled(w.Context(), admin, "alice", false))
		}, access.CodeNeeded},
		"forgotten": {func(w *world) {
			forgotten, err := w.accounts.ForgetLogins(w.Context(), admin, "ALICE")
			if w.must(err); forgotten != 1 {
				w.Errorf("forgot %d", forgotten)
			}
		}, access.CodeNeeded},
		"locked": {func(w *world) { w.lock(); w.wantRemembered(0) }, access.Locked},
		"locked and unlocked": {func(w *world) {
			w.lock()
			w.must(w.accounts.Unlock(w.Context(), admin, "alice"))
		}, access.CodeNeeded},
		"clock set back": {func(w *world) { w.clock.Add(-time.Minute); w.wantRemembered(0) }, access.CodeNeeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := remembers(t)
			w.want(w.reconnect(remembering(), station, password), access.Accept, access.LoginRemembered)
			test.do(w)
			w.want(w.reconnect(remembering(), station, password), access.Challenge, test.reason)
			w.wantRemembered(0)
		})
	}
}

// lock locks alice's second factor from elsewhere.
func (w *world) lock() {
	w.Helper()
	for n := range 5 {
		d := w.reconnect(challenge(), "198.51.100.1", password)
		w.check(access.Request{Client: challenge(), UserName: "alice", Password: []byte(w.wrong(n)), State: d.State})
	}
}

// Where it doesn't count, though it is remembered.
func TestRememberedElsewhere(t *testing.T) {
	t.Parallel()
	other, shorter, off, code := remembering(), remembering(), remembering(), remembering()
	other.Name, shorter.RememberFor, off.RememberFor, code.Mode = "vpn2", time.Minute, 0, access.ModeCode
	for name, test := range map[string]struct {
		client         access.Client
		station, field string
		verdict        access.Verdict
		reason         access.Reason
	}{
		"another station": {remembering(), "192.0.2.2", password, access.Challenge, access.CodeNeeded},
		"no station":      {remembering(), "", password, access.Challenge, access.CodeNeeded},
		"blank station":   {remembering(), "  ", password, access.Challenge, access.CodeNeeded},
		"another client":  {other, station, password, access.Challenge, access.CodeNeeded},
		"shortened":       {shorter, station, password, access.Challenge, access.CodeNeeded},
		"switched off":    {off, station, password, access.Challenge, access.CodeNeeded},
		"mode code":       {code, station, "", access.Reject, access.CodeNeeded},
		"wrong password":  {remembering(), station, "wrong", access.Reject, access.PasswordWrong},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := remembers(t)
			w.clock.Add(time.Minute)
			w.want(w.reconnect(test.client, test.station, test.field), test.verdict, test.reason)
		})
	}
}

// A station that is left out names no device, though two logins leave it out.
func TestNothingToRemember(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for _, none := range []string{"", "  "} {
		w.logIn(remembering(), "alice", none)
		w.want(w.reconnect(remembering(), none, password), access.Challenge, access.CodeNeeded)
		w.clock.Add(time.Minute)
	}
	w.logIn(challenge(), "alice", station) // off by default
	if kept := w.kept("alice"); len(kept) > 0 {
		t.Errorf("switched off, and kept: %+v", kept)
	}
	w.want(w.reconnect(remembering(), station, password), access.Challenge, access.CodeNeeded)
	code := codeOnly()
	code.RememberFor = time.Hour
	w.clock.Add(time.Minute)
	w.want(w.reconnect(code, station, w.code(0)), access.Accept, access.TOTPAccepted)
	code.Mode = access.ModeChallenge
	w.want(w.reconnect(code, station, password), access.Challenge, access.CodeNeeded)
}

// Only the user's own device stands for the device.
func TestRememberedNotByHelp(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	recovery, err := w.accounts.NewRecoveryCodes(t.Context(), admin, "alice")
	w.must(err)
	temporary, _, err := w.accounts.GiveCode(t.Context(), admin, "alice", time.Hour, 1, false)
	w.must(err)
	for _, code := range []string{recovery[0], temporary} {
		d := w.reconnect(remembering(), station, password)
		d = w.check(access.Request{Client: remembering(), UserName: "alice", Password: []byte(code), State: d.State, CallingStation: station})
		if d.Verdict != access.Accept {
			t.Fatalf("%+v", d)
		}
		w.want(w.reconnect(remembering(), station, password), access.Challenge, access.CodeNeeded)
	}
}

// What a client says of the device is shown on terminals: it is cleaned before.
func TestRememberedIsPrintable(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.logIn(remembering(), "alice", "aa-bb\x1b[2J")
	if kept := w.kept("alice"); len(kept) != 1 || strings.Contains(kept[0].CallingStation, "\x1b") || !strings.Contains(kept[0].CallingStation, "aa-bb") {
		t.Errorf("%+v", kept)
	}
}

// Whatever the configuration says, it is 24 hours at most.
func TestLongestRemembered(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	longer := remembering()
	longer.RememberFor = 1000 * time.Hour
	w.logIn(longer, "alice", station)
	if end := w.kept("alice")[0].ExpiresAt; !end.Equal(w.clock.Now().Add(access.LongestRemembered)) {
		t.Errorf("kept until %v", end)
	}
	w.clock.Add(access.LongestRemembered - time.Second)
	w.want(w.reconnect(longer, station, password), access.Accept, access.LoginRemembered)
	w.clock.Add(time.Second)
	w.want(w.reconnect(longer, station, password), access.Challenge, access.CodeNeeded)
}

// Where the configuration allows more time than before, a login of before has no more
// than it had; nor has one that says more than is allowed at all.
func TestRememberedNotLengthened(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	client := remembering()
	client.RememberFor = time.Hour
	w.logIn(client, "alice", station)
	w.clock.Add(time.Hour)
	w.want(w.reconnect(remembering(), station, password), access.Challenge, access.CodeNeeded)
	forged := w.kept("alice")[0]
	forged.ExpiresAt = forged.CreatedAt.Add(1000 * time.Hour)
	w.must(w.store.Update(t.Context(), func(tx *store.Tx) error { return tx.Remember(forged) }))
	client.RememberFor = 1000 * time.Hour
	w.want(w.reconnect(client, station, password), access.Accept, access.LoginRemembered)
	w.clock.Add(access.LongestRemembered - time.Hour)
	w.want(w.reconnect(client, station, password), access.Challenge, access.CodeNeeded)
}

// A right code during a lock is no login, now or when the lock is over.
func TestRememberedNotWhileLocked(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.lock()
	d := w.reconnect(remembering(), station, password)
	w.want(d, access.Challenge, access.Locked)
	d = w.check(access.Request{Client: remembering(), UserName: "alice", Password: []byte(w.code(0)), State: d.State, CallingStation: station})
	w.want(d, access.Challenge, access.LockedCodeRight)
	w.must(w.accounts.Unlock(t.Context(), admin, "alice"))
	w.want(w.reconnect(remembering(), station, password), access.Challenge, access.CodeNeeded)
}

// A code that is typed is checked: it isn't let pass for a reconnect.
func TestRememberedButCodeTyped(t *testing.T) {
	t.Parallel()
	w := remembers(t)
	client := remembering()
	client.Mode = access.ModeAppend
	w.want(w.reconnect(client, station, password+w.wrong(1)), access.Reject, access.CodeWrong)
}

// The answer to a challenge is a code, though it comes from a device that is known.
func TestRememberedButChallenged(t *testing.T) {
	t.Parallel()
	w := remembers(t)
	d := w.reconnect(remembering(), "192.0.2.2", password)
	w.want(d, access.Challenge, access.CodeNeeded)
	d = w.check(access.Request{Client: remembering(), UserName: "alice", State: d.State, CallingStation: station})
	if d.Verdict == access.Accept {
		t.Errorf("no code was let in: %s", d.Reason)
	}
}

// One user's device is not another's, and the rows don't tell that it is one device.
func TestRememberedIsOneUsers(t *testing.T) {
	t.Parallel()
	w := remembers(t)
	w.addDevice("bob", secret)
	d := w.check(access.Request{Client: remembering(), UserName: "bob", Password: []byte(password), CallingStation: station})
	w.want(d, access.Challenge, access.CodeNeeded)
	w.logIn(remembering(), "bob", station)
	if alice, bob := w.kept("alice"), w.kept("bob"); len(alice) != 1 || len(bob) != 1 || bytes.Equal(alice[0].MAC, bob[0].MAC) {
		t.Errorf("%x, %x", alice, bob)
	}
}

// The list says until when, by the rules of now; forgetting is on record, and no notice.
func TestRememberedList(t *testing.T) {
	t.Parallel()
	w := remembers(t)
	w.settings.RememberFor["vpn1"] = 2 * time.Hour
	w.settings.Notices = []string{"mail"}
	w.gate.Set(w.settings)
	live, err := w.accounts.RememberedLogins(t.Context(), "Alice")
	now := w.clock.Now()
	if w.must(err); len(live) != 1 || live[0].Client != "vpn1" || live[0].CallingStation != station || !live[0].CreatedAt.Equal(now) || !live[0].ExpiresAt.Equal(now.Add(2*time.Hour)) {
		t.Fatalf("%+v", live)
	}
	_, err = w.accounts.ForgetLogins(t.Context(), admin, "alice")
	w.must(err)
	records := w.records("alice")
	if last := records[len(records)-1]; last.Event != access.EventForgotten || last.Detail != "logins=1" || last.Actor != admin {
		t.Errorf("%+v", last)
	}
	if told := w.told(); told != "" {
		t.Errorf("told %s", told)
	}
	w.settings.RememberFor["vpn1"] = 0
	w.logInAgain()
	w.wantRemembered(0)
	_, err = w.accounts.RememberedLogins(t.Context(), "nobody")
	w.wantRefusal(err, access.RefusedMissing, "nobody")
	_, err = w.accounts.ForgetLogins(t.Context(), admin, "nobody")
	w.wantRefusal(err, access.RefusedMissing, "nobody")
}

func (w *world) logInAgain() {
	w.Helper()
	w.clock.Add(time.Minute)
	w.logIn(remembering(), "alice", station)
}

// A user forgets the own ones, with a session and nothing less.
func TestRememberedForgottenByUser(t *testing.T) {
	t.Parallel()
	w := remembers(t)
	enroller := access.NewEnroller(w.gate)
	account, _, err := w.store.Account(t.Context(), "alice")
	w.must(err)
	pass := access.Pass{User: "alice", Epoch: account.Epoch, Kind: store.EnrollmentSession}
	if err := enroller.ForgetLogins(t.Context(), pass, netip.MustParseAddr("127.0.0.1")); access.FaultOf(err) != access.FaultSession {
		t.Errorf("without a code: %v", err)
	}
	pass.Proven = true
	stale, ticket := pass, pass
	stale.Epoch--
	ticket.Kind = store.EnrollmentInvitation
	for _, wrong := range []access.Pass{stale, ticket, {}} {
		if err := enroller.ForgetLogins(t.Context(), wrong, netip.MustParseAddr("127.0.0.1")); access.FaultOf(err) != access.FaultSession {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	standing, err := enroller.Standing(t.Context(), pass, netip.MustParseAddr("127.0.0.1"))
	if w.must(err); len(standing.Remembered) != 1 {
		t.Errorf("%+v", standing.Remembered)
	}
	w.must(enroller.ForgetLogins(t.Context(), pass, netip.MustParseAddr("127.0.0.1")))
	w.want(w.reconnect(remembering(), station, password), access.Challenge, access.CodeNeeded)
	w.wantRemembered(0)
}
