package access_test

import (
	"encoding/base64"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

func TestStateIsPrintableAndUnguessable(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	seen := make(map[string]bool)
	var bits [32 * 8]int
	const rounds = 300
	for range rounds {
		state := w.challenged(challenge(), "alice")
		if len(state) > 64 || strings.ContainsFunc(state, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("State %q is not short and printable", state)
		}
		octets, err := base64.RawURLEncoding.DecodeString(state)
		if err != nil || len(octets) != 32 {
			t.Fatalf("State %q is not 32 octets", state)
		}
		if seen[state] {
			t.Fatal("a State came twice")
		}
		seen[state] = true
		for i := range bits {
			bits[i] += int(octets[i/8]>>(i%8)) & 1
		}
	}
	for i, ones := range bits { // 150 +- 8.7 expected; 7 sigma
		if ones < 90 || ones > 210 {
			t.Errorf("bit %d is set in %d of %d States", i, ones, rounds)
		}
	}
}

func TestStateIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	state := w.challenged(challenge(), "alice")
	w.want(w.answer(challenge(), "alice", state, w.code(0)), access.Accept, access.TOTPAccepted)
	w.want(w.answer(challenge(), "alice", state, w.code(1)), access.Reject, access.StateUnknown)
}

func TestStateAnsweredInParallel(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	state := w.challenged(challenge(), "alice")
	var answered atomic.Int32
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			if d := w.answer(challenge(), "alice", state, w.wrong(n)); d.Reason != access.StateUnknown {
				answered.Add(1)
			}
		})
	}
	all.Wait()
	if answered.Load() != 1 {
		t.Errorf("one State took %d answers", answered.Load())
	}
}

func TestStateOfAnother(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.addDevice("bob", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
	other := access.Client{Name: "vpn2", Mode: access.ModeChallenge}
	state := w.challenged(challenge(), "alice")
	w.want(w.answer(challenge(), "bob", state, w.code(0)), access.Reject, access.StateOtherUser)
	w.want(w.answer(challenge(), "bob", state, codeOf(w, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", 0)), access.Reject, access.StateOtherUser)
	w.want(w.answer(other, "alice", state, w.code(0)), access.Reject, access.StateOtherClient)
	// Neither took it away from alice.
	w.want(w.answer(challenge(), "Alice", state, w.code(0)), access.Accept, access.TOTPAccepted)
}

func TestStateChangedByOneBit(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	state := w.challenged(challenge(), "alice")
	octets, err := base64.RawURLEncoding.DecodeString(state)
	w.must(err)
	for bit := range len(octets) * 8 {
		octets[bit/8] ^= 1 << (bit % 8)
		changed := base64.RawURLEncoding.EncodeToString(octets)
		if w.gate.ValidState(changed) {
			t.Errorf("bit %d changed: still valid", bit)
		}
		if bit%32 == 0 {
			w.want(w.answer(challenge(), "alice", changed, w.code(0)), access.Reject, access.StateInvalid)
		}
		octets[bit/8] ^= 1 << (bit % 8)
	}
	for _, forged := range []string{"x", state + "=", state[:42], state + "A", "\x00", strings.Repeat("A", 43)} {
		w.want(w.answer(challenge(), "alice", forged, w.code(0)), access.Reject, access.StateInvalid)
	}
	if !w.gate.ValidState(state) {
		t.Error("the State itself is not valid")
	}
}

// Each way to name the same octets but the one that was given out is refused.
func TestStateHasOneSpelling(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	state := w.challenged(challenge(), "alice")
	last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", state[42])
	twin := state[:42] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last^1])
	w.want(w.answer(challenge(), "alice", twin, w.code(0)), access.Reject, access.StateInvalid)
}

func TestStateExpires(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	state := w.challenged(challenge(), "alice")
	w.clock.Add(w.settings.ChallengeLifetime - time.Second)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), w.code(-1)), access.Accept, access.TOTPAccepted)
	w.clock.Add(time.Second)
	w.want(w.answer(challenge(), "alice", state, w.code(0)), access.Reject, access.StateExpired)
	w.must(w.store.Prune(t.Context()))
	w.want(w.answer(challenge(), "alice", state, w.code(0)), access.Reject, access.StateUnknown)
}

func TestStateIsRedeemedByAnotherNode(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	state := w.challenged(challenge(), "alice")
	w.gate = w.anotherGate()
	w.gate.Set(w.settings)
	w.want(w.answer(challenge(), "alice", state, w.code(0)), access.Accept, access.TOTPAccepted)
}

func TestTriesRunOut(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	state := w.challenged(challenge(), "alice")
	d := w.answer(challenge(), "alice", state, w.wrong(1))
	w.want(d, access.Challenge, access.CodeWrong)
	if d.TriesLeft != 2 || d.State == state {
		t.Errorf("%d tries left, State kept: %v", d.TriesLeft, d.State == state)
	}
	w.want(w.answer(challenge(), "alice", state, w.code(0)), access.Reject, access.StateUnknown)
	d = w.answer(challenge(), "alice", d.State, "no code at all")
	w.want(d, access.Challenge, access.CodeMalformed)
	last := d.State
	w.want(w.answer(challenge(), "alice", last, w.wrong(2)), access.Reject, access.CodeWrong)
	w.want(w.answer(challenge(), "alice", last, w.code(0)), access.Reject, access.StateUnknown)
}

// What an administrator changes voids the challenges under way.
func TestEpochVoidsStates(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world) error{
		"password": func(w *world) error { return w.accounts.SetPassword(w.Context(), admin, "alice", []byte("new")) },
		"disabled and enabled": func(w *world) error {
			w.must(w.accounts.SetDisabled(w.Context(), admin, "alice", true))
			return w.accounts.SetDisabled(w.Context(), admin, "alice", false)
		},
		"device added": func(w *world) error {
			_, err := w.accounts.AddDevice(w.Context(), admin, "alice", access.NewDevice{Secret: "KRUGS4ZANFZSAYJAORSXG5BAMFXGIIDB", Label: "b"})
			return err
		},
		"device removed": func(w *world) error {
			return w.accounts.RemoveDevice(w.Context(), admin, "alice", "phone JB")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := enforced(t)
			w.addDevice("alice", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
			state := w.challenged(challenge(), "alice")
			w.must(change(w))
			w.want(w.answer(challenge(), "alice", state, w.code(0)), access.Reject, access.StateVoid)
		})
	}
	for name, change := range map[string]func(*world) error{
		"reset": func(w *world) error { return w.accounts.Reset(w.Context(), admin, "alice") },
		"deleted and added": func(w *world) error {
			w.must(w.accounts.DeleteUser(w.Context(), admin, "alice"))
			_, err := w.accounts.AddUser(w.Context(), admin, "alice", nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := enforced(t)
			state := w.challenged(challenge(), "alice")
			w.clock.Add(time.Second)
			w.must(change(w))
			w.addDevice("alice", secret)
			w.want(w.answer(challenge(), "alice", state, w.code(0)), access.Reject, access.StateUnknown)
		})
	}
}

// A State that was missed by a removal still carries an epoch that never comes back.
func TestEpochNeverComesBack(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	before, err := w.accounts.User(t.Context(), "alice")
	w.must(err)
	for range 3 {
		w.must(w.accounts.Reset(t.Context(), admin, "alice"))
	}
	w.clock.Add(time.Second)
	w.must(w.accounts.DeleteUser(t.Context(), admin, "alice"))
	_, err = w.accounts.AddUser(t.Context(), admin, "alice", nil)
	w.must(err)
	after, err := w.accounts.User(t.Context(), "alice")
	w.must(err)
	if after.Epoch <= before.Epoch+3 {
		t.Errorf("epoch %d after %d", after.Epoch, before.Epoch)
	}
}

// The name that the backend returns is the one that counts.
func TestCanonicalNameOfTheBackend(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	_, err := w.accounts.AddUser(t.Context(), admin, "müller", nil)
	w.must(err)
	w.addDevice("müller", secret)
	state := w.challenged(challenge(), "Muller")
	d := w.answer(challenge(), "muller", state, w.code(0))
	w.want(d, access.Accept, access.TOTPAccepted)
	if d.User != "müller" {
		t.Errorf("the user is %q", d.User)
	}
	w.must(w.accounts.SetPolicy(t.Context(), admin, "müller", own(w, store.PolicyExempt)))
	w.want(w.ask(challenge(), "muller", password), access.Accept, access.Exempt)
}
