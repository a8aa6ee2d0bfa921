package access_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

func TestCodeModes(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), w.code(-1)), access.Accept, access.TOTPAccepted)
	w.want(w.ask(appended(), "alice", password+w.code(0)), access.Accept, access.TOTPAccepted)
	w.want(w.ask(codeOnly(), "alice", w.code(1)), access.Accept, access.TOTPAccepted)
}

func TestUsedCodeIsRefused(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	code := w.code(0)
	w.want(w.ask(codeOnly(), "alice", code), access.Accept, access.TOTPAccepted)
	w.want(w.ask(codeOnly(), "alice", code), access.Reject, access.CodeUsed)
	w.want(w.ask(appended(), "alice", password+code), access.Reject, access.CodeUsed)
	d := w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), code)
	w.want(d, access.Challenge, access.CodeUsed)
	w.clock.Add(31 * time.Second) // still in its window
	w.want(w.ask(codeOnly(), "alice", code), access.Reject, access.CodeUsed)
	w.clock.Add(time.Hour) // long after, as at a renegotiation
	w.want(w.ask(codeOnly(), "alice", code), access.Reject, access.CodeUsed)
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Accept, access.TOTPAccepted)
}

// The last used step never goes back: an older code of the window is used too.
func TestOlderCodeAfterNewer(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.want(w.ask(codeOnly(), "alice", w.code(1)), access.Accept, access.TOTPAccepted)
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Reject, access.CodeUsed)
	w.want(w.ask(codeOnly(), "alice", w.code(-1)), access.Reject, access.CodeUsed)
}

// Set back by an hour while it runs, the daemon accepts no used code again.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	var used []string
	for range 3 {
		used = append(used, w.code(0))
		w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Accept, access.TOTPAccepted)
		w.clock.Add(30 * time.Second)
	}
	w.clock.Add(-time.Hour - 90*time.Second)
	for range 125 {
		for _, code := range used {
			if d := w.ask(codeOnly(), "alice", code); d.Verdict == access.Accept {
				t.Fatalf("code %s was accepted twice", code)
			}
		}
		w.clock.Add(30 * time.Second)
		w.must(w.accounts.Unlock(t.Context(), admin, "alice"))
	}
}

func TestUsedCodeAfterRestart(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	code := w.code(0)
	state := w.challenged(challenge(), "alice")
	w.want(w.ask(codeOnly(), "alice", code), access.Accept, access.TOTPAccepted)
	w.restart()
	w.want(w.ask(codeOnly(), "alice", code), access.Reject, access.CodeUsed)
	w.want(w.answer(challenge(), "alice", state, w.code(1)), access.Accept, access.TOTPAccepted)
}

func TestWindow(t *testing.T) {
	t.Parallel()
	for steps, want := range map[int]access.Reason{-2: access.CodeWrong, -1: access.TOTPAccepted, 0: access.TOTPAccepted, 1: access.TOTPAccepted, 2: access.CodeWrong} {
		w := enforced(t)
		if d := w.ask(codeOnly(), "alice", w.code(steps)); d.Reason != want {
			t.Errorf("a code %d steps away: %s, want %s", steps, d.Reason, want)
		}
	}
}

// 64 requests with one code at once, on two nodes, in each mode, 200 times: one
// accept each time.
func TestParallelRequestsWithOneCode(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	gates := []*access.Gate{w.gate, w.anotherGate()}
	gates[1].Set(w.settings)
	for round := range 200 {
		w.clock.Add(30 * time.Second)
		code := w.code(0)
		state := ""
		client, field := codeOnly(), code
		switch round % 3 {
		case 1:
			client, field = appended(), password+code
		case 2:
			client, state = challenge(), w.challenged(challenge(), "alice")
		}
		var accepted atomic.Int32
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				d, err := gates[i%2].Check(t.Context(), access.Request{Client: client, UserName: "alice", Password: []byte(field), State: state})
				if err != nil {
					t.Error(err)
				}
				if d.Verdict == access.Accept {
					accepted.Add(1)
				}
			})
		}
		all.Wait()
		if n := accepted.Load(); n != 1 {
			t.Fatalf("round %d (%s): %d accepts", round, client.Mode, n)
		}
	}
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	codes, err := w.accounts.NewRecoveryCodes(t.Context(), admin, "alice")
	w.must(err)
	if len(codes) != access.RecoveryCodeCount {
		t.Fatalf("%d codes", len(codes))
	}
	w.want(w.ask(codeOnly(), "alice", codes[0]), access.Accept, access.RecoveryAccepted)
	w.want(w.ask(codeOnly(), "alice", codes[0]), access.Reject, access.CodeWrong)
	w.want(w.ask(appended(), "alice", password+codes[1]), access.Accept, access.RecoveryAccepted)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), " "+upper(codes[2])), access.Accept, access.RecoveryAccepted)
	w.want(w.ask(codeOnly(), "bob", codes[3]), access.Reject, access.EnrollmentRequired)
	_, err = w.accounts.NewRecoveryCodes(t.Context(), admin, "alice")
	w.must(err)
	w.want(w.ask(codeOnly(), "alice", codes[4]), access.Reject, access.CodeWrong)
}

func upper(code string) string {
	octets := []byte(code)
	for i, c := range octets {
		if 'a' <= c && c <= 'z' {
			octets[i] = c - 'a' + 'A'
		}
	}
	return string(octets)
}

func TestTemporaryCodes(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	code, expires, err := w.accounts.GiveCode(t.Context(), admin, "alice", time.Hour, 2, false)
	w.must(err)
	if want := w.clock.Now().Add(time.Hour); !expires.Equal(want) {
		t.Errorf("expires %v, want %v", expires, want)
	}
	w.want(w.ask(appended(), "alice", password+code), access.Accept, access.TemporaryAccepted)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), code), access.Accept, access.TemporaryAccepted)
	w.want(w.ask(codeOnly(), "alice", code), access.Reject, access.CodeWrong)

	late, _, err := w.accounts.GiveCode(t.Context(), admin, "alice", time.Hour, 2, false)
	w.must(err)
	w.clock.Add(time.Hour)
	w.want(w.ask(codeOnly(), "alice", late), access.Reject, access.CodeWrong)
}

// A code of the helpdesk's is none where nothing but the code is checked, not
// even a reason to ask for one.
func TestHelpdeskCodes(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for _, enrolled := range []bool{true, false} {
		code, _, err := w.accounts.GiveCode(t.Context(), admin, "alice", 24*time.Hour, 3, true)
		w.must(err)
		refusal := access.CodeWrong
		if !enrolled {
			refusal = access.EnrollmentRequired
		}
		w.want(w.ask(codeOnly(), "alice", code), access.Reject, refusal)
		w.want(w.ask(appended(), "alice", password+code), access.Accept, access.TemporaryAccepted)
		w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), code), access.Accept, access.TemporaryAccepted)
		w.want(w.ask(appended(), "alice", password+code), access.Accept, access.TemporaryAccepted)
		w.want(w.ask(appended(), "alice", password+code), access.Reject, map[bool]access.Reason{true: access.CodeWrong, false: access.EnrollmentRequired}[enrolled])
		w.must(w.accounts.Reset(t.Context(), admin, "alice"))
	}
}

// Who lost the phone and was reset comes in on a temporary code, and only on it.
func TestTemporaryCodeWithoutDevice(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.must(w.accounts.Reset(t.Context(), admin, "alice"))
	code, _, err := w.accounts.GiveCode(t.Context(), admin, "alice", time.Hour, 1, false)
	w.must(err)
	w.want(w.ask(appended(), "alice", password+code), access.Accept, access.TemporaryAccepted)
	w.want(w.ask(appended(), "alice", password), access.Reject, access.EnrollmentRequired)
}

func TestSeveralDevices(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	others := []string{"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "KRUGS4ZANFZSAYJAORSXG5BAMFXGIIDB", "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U", "NBSWY3DPO5XXE3DENBSWY3DPO5XXE3DE"}
	for _, other := range others {
		w.addDevice("alice", other)
	}
	_, err := w.accounts.AddDevice(t.Context(), admin, "alice", access.NewDevice{Secret: "ORSXG5BAORSXG5BAORSXG5BAORSXG5BA", Label: "sixth"})
	w.wantRefusal(err, access.RefusedRule, "5 devices")
	for _, device := range append(others, secret) {
		w.want(w.ask(codeOnly(), "alice", codeOf(w, device, 0)), access.Accept, access.TOTPAccepted)
		w.want(w.ask(codeOnly(), "alice", codeOf(w, device, 0)), access.Reject, access.CodeUsed)
	}
}

// A secret under a second label, or removed and added again, brings no used
// code back.
func TestSecretTwice(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	_, err := w.accounts.AddDevice(t.Context(), admin, "alice", access.NewDevice{Secret: secret, Label: "again"})
	w.wantRefusal(err, access.RefusedExists, "this secret")
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Accept, access.TOTPAccepted)
	w.must(w.accounts.Reset(t.Context(), admin, "alice"))
	w.addDevice("alice", secret)
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Reject, access.CodeUsed)
}
