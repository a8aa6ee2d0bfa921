package access_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

// A first factor that tells no groups doesn't take away what another one told,
// and who may be in a group is treated as if a stricter rule held.
func TestGroupsThatNobodyTells(t *testing.T) {
	t.Parallel()
	w := ruled(t, access.PolicyRule{Name: "staff", Groups: []string{"staff"}, Says: access.TwoFactorRequired, FirstUse: access.FirstUse{How: access.FirstUseInvitation}})
	w.settings.FirstUse.How = access.FirstUseChallenge
	w.gate.Set(w.settings)
	w.want(w.ask(challenge(), "bob", password), access.Reject, access.EnrollmentClosed)
	web := access.Client{Name: access.WebClient, Mode: access.ModeWeb, RequireAlways: true}
	elsewhere := func(user string) error {
		d := w.check(access.Request{Client: web, UserName: user, Known: &access.Identity{Name: user}})
		w.want(d, access.Accept, access.SignedIn)
		_, err := access.NewEnroller(w.gate).Begin(t.Context(), access.PassOf(d), "", netip.Addr{})
		return err
	}
	if err := elsewhere("bob"); access.FaultOf(err) != access.FaultClosed {
		t.Errorf("bob, whose groups are known from before: %v", err)
	}
	if err := elsewhere("carol"); access.FaultOf(err) != access.FaultClosed {
		t.Errorf("carol, of whom nothing is known: %v", err)
	}
	w.first.mute = true
	w.want(w.ask(challenge(), "bob", password), access.Reject, access.EnrollmentClosed)
	pass := codeOnly()
	pass.PassUnenrolled = true
	w.want(w.ask(pass, "bob", "123456"), access.Reject, access.EnrollmentClosed)
}

// A rule that is new knows nothing of users who logged in before it.
func TestGroupsOfAnEarlierList(t *testing.T) {
	t.Parallel()
	w := ruled(t)
	w.first.groups["bob"] = []string{"guests"}
	w.want(w.ask(challenge(), "bob", password), access.Accept, access.NotEnrolled)
	w.settings.Rules = []access.PolicyRule{{Name: "guests", Groups: []string{"GUESTS"}, Says: access.TwoFactorRequired}}
	w.settings.Groups = []string{"GUESTS"}
	w.gate.Set(w.settings)
	pass := codeOnly()
	pass.PassUnenrolled = true
	w.want(w.ask(pass, "bob", "123456"), access.Reject, access.EnrollmentRequired)
	w.settings.Rules[0].Groups, w.settings.Groups = []string{"cafe\u0301"}, []string{"cafe\u0301"}
	w.gate.Set(w.settings)
	w.first.groups["bob"] = []string{"CAFÉ"}
	w.want(w.ask(challenge(), "bob", password), access.Reject, access.EnrollmentRequired)
}

// On the page the rule of the place where the browser is decides who may enroll.
func TestFirstUseWhereTheBrowserIs(t *testing.T) {
	t.Parallel()
	office := netip.MustParsePrefix("192.0.2.0/24")
	w := ruled(t,
		access.PolicyRule{Name: "office", Networks: []netip.Prefix{office}, Says: access.TwoFactorRequired, FirstUse: access.FirstUse{How: access.FirstUseChallenge}},
		access.PolicyRule{Name: "elsewhere", Says: access.TwoFactorRequired, FirstUse: access.FirstUse{How: access.FirstUseInvitation}})
	w.settings.FirstUse.How = access.FirstUseChallenge
	w.gate.Set(w.settings)
	web := access.Client{Name: access.WebClient, Mode: access.ModeWeb, RequireAlways: true}
	for from, want := range map[string]access.EnrollmentFault{"203.0.113.9": access.FaultClosed, "192.0.2.9": ""} {
		d := w.ask(web, "bob", password)
		_, err := access.NewEnroller(w.gate).Begin(t.Context(), access.PassOf(d), "", netip.MustParseAddr(from))
		if access.FaultOf(err) != want || want == "" && err != nil {
			t.Errorf("from %s: %v, want %q", from, err, want)
		}
	}
}

// The former server lets nobody in who is, or was, enrolled here, by whatever
// name it was asked.
func TestFormerByAnotherName(t *testing.T) {
	t.Parallel()
	w, old := former(t)
	old.asks, old.users = "", map[string]string{"alice@old": "alice"}
	w.want(w.ask(challenge(), "alice@old", password), access.Reject, access.EnrolledHere)
	w.must(w.accounts.Reset(t.Context(), admin, "alice"))
	w.clock.Add(time.Minute)
	w.want(w.ask(challenge(), "alice@old", password), access.Reject, access.EnrolledHere)
}

// Nobody locks an account of the directory through us: not with one field over
// and over, nor by other spellings, nor behind a question of its own.
func TestThrottleProtectsTheDirectory(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for range 100 {
		w.want(w.ask(challenge(), "alice", "wrong"), access.Reject, access.PasswordWrong)
	}
	if w.first.calls != 1 {
		t.Errorf("one field: asked %d times", w.first.calls)
	}
	w = enforced(t)
	for n := range 40 {
		name := []string{"alice", "ａlice", "ALICE", "aｌice", "alice@a", "CORP\\alice", "corp/alice", "ali\u034fce"}[n%8]
		w.ask(challenge(), name, fmt.Sprint("wrong ", n))
	}
	if limit := w.settings.Throttle.Failures; w.first.calls > limit {
		t.Errorf("spellings: asked %d times, the limit is %d", w.first.calls, limit)
	}
	w = asking(t)
	for range 40 {
		d := w.ask(challenge(), "alice", password)
		if d.Verdict != access.Challenge {
			break
		}
		w.answer(challenge(), "alice", d.State, "green")
	}
	if most := 2 * w.settings.Throttle.Failures; w.first.calls > most {
		t.Errorf("questions: asked %d times, the most is %d", w.first.calls, most)
	}
	w.clock.Add(24 * time.Hour)
	for range 20 { // rightly answered questions count for nothing
		d := w.answer(challenge(), "alice", w.ask(challenge(), "alice", password).State, "blue")
		w.want(d, access.Challenge, access.CodeNeeded)
	}
}

// A login that is sent again gets its verdict without another question to the
// first factor.
func TestRepeatAsksOnce(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	r := access.Request{Client: challenge(), UserName: "alice", Password: []byte(password), SessionID: "A1"}
	first := w.check(r)
	if again := w.check(r); again.State != first.State || w.first.calls != 1 {
		t.Errorf("asked %d times, States %q and %q", w.first.calls, first.State, again.State)
	}
}

// What a client sends as a name before anybody checked it is no account.
func TestModeCodeNotesNobody(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.want(w.ask(codeOnly(), "my secret password", "123456"), access.Reject, access.EnrollmentRequired)
	if _, known, err := w.store.Account(t.Context(), "my secret password"); known || err != nil {
		t.Errorf("known %v, %v", known, err)
	}
	if names, err := w.store.Names(t.Context(), "", 10); err != nil || len(names) != 2 {
		t.Errorf("%q, %v", names, err)
	}
}

// A question whose answer gets no answer in turn is not free for ever.
func TestRelaySilenceEnds(t *testing.T) {
	t.Parallel()
	w := asking(t)
	r := access.Request{Client: challenge(), UserName: "alice", Password: []byte("blue"), State: w.ask(challenge(), "alice", password).State}
	w.first.err = access.ErrBackend
	for range 3 {
		if _, err := w.gate.Check(t.Context(), r); err == nil {
			t.Fatal("an answer without the first factor")
		}
	}
	w.first.err = nil
	w.want(w.check(r), access.Reject, access.StateUnknown)
}
