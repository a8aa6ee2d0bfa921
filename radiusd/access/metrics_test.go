package access_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

// A witness hears of codes of devices, once each, and of nothing else.
func TestWitness(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	var heard []string
	gate := access.NewGate(w.store, w.first, w.settings, access.Options{Now: w.clock.Now, Witness: func(user string, step int64, period int, at time.Time) {
		heard = append(heard, fmt.Sprint(user, " ", step-at.Unix()/int64(period)))
	}})
	code := w.code(1)
	for _, typed := range []string{w.wrong(1), code, code} {
		if _, err := gate.Check(t.Context(), access.Request{Client: codeOnly(), UserName: "alice", Password: []byte(typed)}); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(heard, ", ") != "alice 1" {
		t.Errorf("heard %q", heard)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.want(w.ask(codeOnly(), "alice", w.code(0)), access.Accept, access.TOTPAccepted)
	for n := range 5 {
		w.ask(codeOnly(), "alice", w.wrong(n))
	}
	w.ask(codeOnly(), "bob", w.code(5))
	w.first.err = errors.New("away")
	if _, err := w.gate.Check(t.Context(), access.Request{Client: challenge(), UserName: "alice", Password: []byte(password)}); err == nil {
		t.Error("answered without a first factor")
	}
	m := w.gate.Metrics()
	for kind, want := range map[access.DecisionKind]uint64{
		{Client: "nas", Verdict: access.Accept, Reason: access.TOTPAccepted}: 1,
		{Client: "nas", Verdict: access.Reject, Reason: access.CodeWrong}:    4,
		{Client: "nas", Verdict: access.Reject, Reason: access.Locked}:       1,
	} {
		if m.Decisions[kind] != want {
			t.Errorf("%+v: %d, want %d", kind, m.Decisions[kind], want)
		}
	}
	if m.Silences != 1 || m.Locks != 1 || m.Took.Count != 7 {
		t.Errorf("counted %+v", m)
	}
	if s := w.store.Metrics(); s.Updates < 7 || s.Commits.Count == 0 || s.Commits.Count > s.Updates+1 {
		t.Errorf("the store counted %+v", s)
	}
}
