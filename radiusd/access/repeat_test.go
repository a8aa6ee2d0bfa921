package access_test

import (
	"reflect"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

// A login that comes again, provably the same, gets its first verdict again.
func TestRepeat(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	r := access.Request{Client: codeOnly(), UserName: "alice", Password: []byte(w.code(0)), SessionID: "A1B2"}
	first := w.check(r)
	w.want(first, access.Accept, access.TOTPAccepted)
	w.clock.Add(6 * time.Second)
	other := w.anotherGate()
	other.Set(w.settings)
	again, err := other.Check(t.Context(), r)
	w.must(err)
	if !reflect.DeepEqual(again, first) {
		t.Errorf("the repeat got %+v, the login %+v", again, first)
	}
	w.clock.Add(9 * time.Second)
	w.want(w.check(r), access.Reject, access.CodeUsed)
}

func TestRepeatedChallenge(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	first := access.Request{Client: challenge(), UserName: "alice", Password: []byte(password), SessionID: "A1B2"}
	state := w.check(first).State
	if again := w.check(first).State; again != state {
		t.Error("a repeat got another State")
	}
	second := access.Request{Client: challenge(), UserName: "alice", Password: []byte(w.wrong(1)), State: state, SessionID: "A1B2"}
	answer := w.check(second)
	if again := w.check(second); !reflect.DeepEqual(again, answer) || answer.Reason != access.CodeWrong {
		t.Errorf("got %+v, then %+v", answer, again)
	}
}

// Anything less is a used code.
func TestNoRepeat(t *testing.T) {
	t.Parallel()
	base := access.Request{Client: codeOnly(), UserName: "alice", SessionID: "A1B2", NASPort: "17"}
	for name, change := range map[string]func(*access.Request){
		"other session":     func(r *access.Request) { r.SessionID = "A1B3" },
		"no session":        func(r *access.Request) { r.SessionID = "" },
		"other client":      func(r *access.Request) { r.Client.Name = "nas2" },
		"other field":       func(r *access.Request) { r.Password = append([]byte(" "), r.Password...) },
		"port, not allowed": func(r *access.Request) { r.SessionID, r.NASPort = "", "17" },
	} {
		w := enforced(t)
		r := base
		r.Password = []byte(w.code(0))
		if name == "port, not allowed" {
			change(&r)
		}
		w.want(w.check(r), access.Accept, access.TOTPAccepted)
		change(&r)
		if d := w.check(r); d.Reason != access.CodeUsed {
			t.Errorf("%s: %s", name, d.Reason)
		}
	}
}

func TestRepeatByNASPort(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	client := codeOnly()
	client.RepeatByNASPort = true
	r := access.Request{Client: client, UserName: "alice", Password: []byte(w.code(0)), NASPort: "17"}
	first := w.check(r)
	w.want(first, access.Accept, access.TOTPAccepted)
	if again := w.check(r); !reflect.DeepEqual(again, first) {
		t.Errorf("the repeat got %+v", again)
	}
	r.NASPort = "18"
	w.want(w.check(r), access.Reject, access.CodeUsed)
	r.NASPort = ""
	w.want(w.check(r), access.Reject, access.CodeUsed)
}

// What an administrator did since then counts, not the earlier verdict.
func TestRepeatAfterReset(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	r := access.Request{Client: codeOnly(), UserName: "alice", Password: []byte(w.code(0)), SessionID: "A1B2"}
	w.want(w.check(r), access.Accept, access.TOTPAccepted)
	w.must(w.accounts.SetDisabled(t.Context(), admin, "alice", true))
	w.want(w.check(r), access.Reject, access.UserDisabled)
}
