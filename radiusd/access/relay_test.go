package access_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// asking is a world whose first factor asks for a colour after the password.
func asking(t testing.TB) *world {
	w := enforced(t)
	w.first.asks = "Which colour? "
	return w
}

func TestRelay(t *testing.T) {
	t.Parallel()
	w := asking(t)
	d := w.ask(challenge(), "alice", password)
	w.want(d, access.Challenge, access.PasswordAsks)
	if d.Message != "Which colour? " || d.State == "" {
		t.Errorf("%+v", d)
	}
	w.restart() // and the question is still known
	second := w.answer(challenge(), "alice", d.State, "again")
	w.want(second, access.Challenge, access.PasswordAsks)
	if second.Message != "And now? " || second.State == d.State {
		t.Errorf("%+v", second)
	}
	d = w.answer(challenge(), "alice", second.State, "blue")
	w.want(d, access.Challenge, access.CodeNeeded)
	w.want(w.answer(challenge(), "alice", d.State, w.code(0)), access.Accept, access.TOTPAccepted)
}

// The answer to the first factor's question never reaches the second factor, nor
// the other way round, and each State serves once.
func TestRelayRefuses(t *testing.T) {
	t.Parallel()
	w := asking(t)
	begin := func() string { return w.ask(challenge(), "alice", password).State }
	w.want(w.answer(challenge(), "alice", begin(), w.code(0)), access.Reject, access.PasswordWrong)
	used := begin()
	w.want(w.answer(challenge(), "alice", used, "green"), access.Reject, access.PasswordWrong)
	w.want(w.answer(challenge(), "alice", used, "blue"), access.Reject, access.StateUnknown)
	w.want(w.answer(challenge(), "bob", begin(), "blue"), access.Reject, access.StateOtherUser)
	other := challenge()
	other.Name = "vpn2"
	w.want(w.answer(other, "alice", begin(), "blue"), access.Reject, access.StateOtherClient)
	late := begin()
	w.clock.Add(w.settings.ChallengeLifetime)
	w.want(w.answer(challenge(), "alice", late, "blue"), access.Reject, access.StateExpired)
	void := begin()
	w.must(w.store.Update(t.Context(), func(tx *store.Tx) error { return tx.RaiseEpoch("alice") }))
	w.want(w.answer(challenge(), "alice", void, "blue"), access.Reject, access.StateVoid)
	w.want(w.ask(appended(), "bob", password), access.Reject, access.PasswordAsks)
}

// A stranger's questions are counted by the minute and not recorded one by one.
func TestRelayLeavesNoRecords(t *testing.T) {
	t.Parallel()
	w := asking(t)
	before := len(w.records("alice"))
	for range 5 {
		w.want(w.ask(challenge(), "alice", password), access.Challenge, access.PasswordAsks)
	}
	if after := len(w.records("alice")); after != before {
		t.Errorf("%d records were written", after-before)
	}
}

// Of many who answer one question, one gets further.
func TestRelayInParallel(t *testing.T) {
	t.Parallel()
	w := asking(t)
	state := w.ask(challenge(), "alice", password).State
	var mutex sync.Mutex
	var reasons []access.Reason
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			d, err := w.gate.Check(t.Context(), access.Request{Client: challenge(), UserName: "alice", Password: []byte("blue"), State: state})
			if err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			reasons = append(reasons, d.Reason)
		})
	}
	all.Wait()
	further := 0
	for _, reason := range reasons {
		switch reason {
		case access.CodeNeeded:
			further++
		case access.StateUnknown, access.Throttled:
		default:
			t.Errorf("reason %s", reason)
		}
	}
	if further != 1 {
		t.Errorf("%d of %d got further", further, len(reasons))
	}
}

// Where the first factor doesn't answer, the State is good for another server.
func TestRelaySilence(t *testing.T) {
	t.Parallel()
	w := asking(t)
	r := access.Request{Client: challenge(), UserName: "alice", Password: []byte("blue"), State: w.ask(challenge(), "alice", password).State}
	w.first.err = access.ErrBackend
	if _, err := w.gate.Check(t.Context(), r); !errors.Is(err, access.ErrBackend) {
		t.Fatalf("got %v", err)
	}
	w.first.err = nil
	d, err := w.anotherGate().Check(t.Context(), r)
	if err != nil || d.Reason != access.CodeNeeded {
		t.Errorf("%+v, %v", d, err)
	}
}

// A client that sends its answer again under a new authenticator gets the first
// verdict, and the first factor is not asked twice.
func TestRelayRepeated(t *testing.T) {
	t.Parallel()
	w := asking(t)
	r := access.Request{Client: challenge(), UserName: "alice", Password: []byte(password), SessionID: "A1"}
	r.State = w.check(r).State
	r.Password = []byte("blue")
	first := w.check(r)
	w.want(first, access.Challenge, access.CodeNeeded)
	calls := w.first.calls
	if again := w.check(r); again.State != first.State || w.first.calls != calls {
		t.Errorf("again: %+v after %d calls", again, w.first.calls-calls)
	}
}

// former is a world that users move to: who was never enrolled here is left to
// the former server, which asks back.
func former(t testing.TB) (*world, *passwords) {
	w := enforced(t)
	old := &passwords{users: map[string]string{"bob": "bob", "alice": "alice"}, asks: "Old code: "}
	w.settings.MigrateUntil = w.clock.Now().Add(24 * time.Hour)
	w.gate = access.NewGate(w.store, w.first, w.settings, access.Options{Now: w.clock.Now, Former: old})
	return w, old
}

func TestFormer(t *testing.T) {
	t.Parallel()
	w, old := former(t)
	d := w.ask(challenge(), "bob", password)
	w.want(d, access.Challenge, access.PasswordAsks)
	d = w.answer(challenge(), "bob", d.State, "blue")
	w.want(d, access.Accept, access.UpstreamAccepted)
	if records := w.records("bob"); !slices.ContainsFunc(records, func(r store.Record) bool { return r.Reason == string(access.UpstreamAccepted) && r.User == "bob" }) {
		t.Errorf("no record of it: %+v", records)
	}
	w.want(w.answer(challenge(), "bob", w.ask(challenge(), "bob", password).State, "green"), access.Reject, access.PasswordWrong)
	if w.first.calls != 0 || old.calls != 4 {
		t.Errorf("asked here %d, there %d times", w.first.calls, old.calls)
	}
	// Who is enrolled here is ours, also after a reset, and so is who may have a code.
	w.want(w.ask(challenge(), "alice", password), access.Challenge, access.CodeNeeded)
	w.must(w.accounts.Reset(t.Context(), admin, "alice"))
	w.want(w.ask(challenge(), "alice", password), access.Reject, access.EnrollmentRequired)
	if _, _, err := w.accounts.GiveCode(t.Context(), admin, "bob", time.Hour, 1, false); err != nil {
		t.Fatal(err)
	}
	w.want(w.ask(challenge(), "bob", password), access.Challenge, access.CodeNeeded)
	if old.calls != 4 {
		t.Errorf("the former server was asked %d times", old.calls)
	}
}

func TestFormerBounds(t *testing.T) {
	t.Parallel()
	w, old := former(t)
	old.asks = ""
	w.want(w.ask(appended(), "bob", password), access.Accept, access.UpstreamAccepted)
	w.want(w.ask(codeOnly(), "bob", password), access.Accept, access.UpstreamAccepted)
	always := challenge()
	always.RequireAlways = true
	w.want(w.ask(always, "bob", password), access.Accept, access.UpstreamAccepted)
	w.want(w.ask(challenge(), "bob", "wrong"), access.Reject, access.PasswordWrong)
	old.users = nil
	w.want(w.ask(challenge(), "bob", password), access.Reject, access.UserUnknown)
	old.users = map[string]string{"bob": "bob"}
	w.clock.Add(time.Minute) // the same field is wrong for a while
	calls := old.calls
	w.must(w.accounts.SetPolicy(t.Context(), admin, "bob", own(w, store.PolicyExempt)))
	w.want(w.ask(challenge(), "bob", password), access.Accept, access.Exempt)
	w.must(w.accounts.SetPolicy(t.Context(), admin, "bob", own(w, store.PolicyDefault)))
	web := access.Client{Name: access.WebClient, Mode: access.ModeWeb, RequireAlways: true}
	w.want(w.ask(web, "bob", password), access.Accept, access.SignedIn)
	w.clock.Add(24 * time.Hour)
	w.want(w.ask(challenge(), "bob", password), access.Reject, access.EnrollmentRequired)
	if old.calls != calls {
		t.Errorf("the former server was asked %d times too often", old.calls-calls)
	}
	w.must(w.accounts.SetDisabled(t.Context(), admin, "bob", true))
	w.settings.MigrateUntil = w.clock.Now().Add(time.Hour)
	w.gate.Set(w.settings)
	w.want(w.ask(challenge(), "bob", password), access.Reject, access.UserDisabled)
}
