package access_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

// raw opens the database beside the store, as a person with a tool would.
func (w *world) raw() *sql.DB {
	w.Helper()
	db, err := sql.Open("sqlite", w.path)
	w.must(err)
	w.Cleanup(func() { db.Close() })
	return db
}

// No record, no accept: when the record can't be written, nothing is answered
// and nothing is burnt.
func TestNoRecordNoAccept(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	raw := w.raw()
	_, err := raw.Exec(`CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the log is full'); END`)
	w.must(err)
	requests := []access.Request{
		{Client: codeOnly(), UserName: "alice", Password: []byte(w.code(0))},
		{Client: challenge(), UserName: "alice", Password: []byte(password)},
	}
	for _, r := range requests {
		if d, err := w.gate.Check(t.Context(), r); !errors.Is(err, access.ErrStore) {
			t.Errorf("without a record: %+v, %v", d, err)
		}
	}
	disabled := w.settings
	disabled.Policy = access.Policy{}
	w.gate.Set(disabled)
	if d, err := w.gate.Check(t.Context(), requests[1]); !errors.Is(err, access.ErrStore) {
		t.Errorf("not asked, without a record: %+v, %v", d, err)
	}
	w.gate.Set(w.settings)
	_, err = raw.Exec(`DROP TRIGGER no_audit`)
	w.must(err)
	w.want(w.check(requests[0]), access.Accept, access.TOTPAccepted)
}

func TestEachDecisionIsRecorded(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	d := w.check(access.Request{Client: codeOnly(), UserName: "alice", Password: []byte(w.code(0)), CallingStation: "192.0.2.1\n\x00"})
	w.ask(codeOnly(), "alice", w.code(0))
	w.ask(challenge(), "bob", password)
	records := append(w.records("alice"), w.records("bob")...)
	var got []string
	for _, r := range records {
		if r.Event == access.EventLogin {
			got = append(got, fmt.Sprint(r.User, " ", r.Client, " ", r.Reason))
		}
		if r.Decision == d.ID && (r.CallingStation != "192.0.2.1??" || !strings.Contains(r.Detail, `device="phone GE"`)) {
			t.Errorf("recorded %+v", r)
		}
	}
	want := "alice nas totp_accepted, alice nas code_used, bob vpn1 enrollment_required"
	if strings.Join(got, ", ") != want {
		t.Errorf("recorded %s, want %s", strings.Join(got, ", "), want)
	}
	if chains, err := w.store.VerifyAudit(t.Context(), nil); err != nil || len(chains) != 1 || chains[0].Broken != 0 {
		t.Errorf("the chain: %+v, %v", chains, err)
	}
}

// Strangers' failures are counted by the minute and never fill the log.
func TestStrangersFillNothing(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	for n := range 1500 {
		w.check(access.Request{Client: challenge(), UserName: fmt.Sprint("stranger", n), Password: []byte("x"),
			CallingStation: fmt.Sprintf("10.%d.%d.1", n/250, n%250)})
		if n%500 == 0 {
			w.ask(challenge(), "alice", fmt.Sprint("wrong", n))
			w.answer(challenge(), "alice", "forged", "123456")
		}
	}
	var rows, count, audits, alice int
	raw := w.raw()
	w.must(raw.QueryRow(`SELECT count(*), sum(count) FROM refusals`).Scan(&rows, &count))
	w.must(raw.QueryRow(`SELECT count(*) FROM audit WHERE event = 'login'`).Scan(&audits))
	w.must(raw.QueryRow(`SELECT sum(count) FROM refusals WHERE user_name = 'alice' AND reason = 'password_wrong'`).Scan(&alice))
	if rows > 1002 || count != 1506 || audits != 0 || alice != 3 {
		t.Errorf("%d rows of %d refusals, %d records, %d of alice", rows, count, audits, alice)
	}
}

// A name that isn't known may be a password: the log has a hash of it.
func TestUnknownNamesAreHashed(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	w.want(w.ask(challenge(), "hunter2 oops", "x"), access.Reject, access.UserUnknown)
	w.want(w.ask(challenge(), "hunter2\x01oops", "x"), access.Reject, access.NameInvalid)
	var stored int
	w.must(w.raw().QueryRow(`SELECT count(*) FROM refusals WHERE user_name LIKE '%hunter%'`).Scan(&stored))
	if log := w.log.String(); strings.Contains(log, "hunter") || !strings.Contains(log, "unknown:") || stored != 0 {
		t.Errorf("the name is in the log or the store: %s", log)
	}
}

// Neither log nor records hold a password, a code, a secret or a State.
func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	recovery, err := w.accounts.NewRecoveryCodes(t.Context(), admin, "alice")
	w.must(err)
	temporary, _, err := w.accounts.GiveCode(t.Context(), admin, "alice", time.Hour, 1, false)
	w.must(err)
	secrets := []string{password, secret, recovery[0], temporary, w.code(0), w.wrong(1), "wrong password"}
	state := w.challenged(challenge(), "alice")
	secrets = append(secrets, state)
	w.ask(challenge(), "alice", "wrong password")
	w.answer(challenge(), "alice", state, w.wrong(1))
	w.ask(codeOnly(), "alice", w.code(0))
	w.ask(codeOnly(), "alice", recovery[0])
	w.ask(codeOnly(), "alice", temporary)
	everything := w.log.String() + fmt.Sprint(w.records(""))
	for _, s := range secrets {
		if strings.Contains(everything, s) {
			t.Errorf("%q is in the log or the records", s)
		}
	}
}

// A reset by hand in the database takes effect at once, voids what is under way
// and leaves a record before the next decision.
func TestResetByHand(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	state := w.challenged(challenge(), "alice")
	w.fail(5)
	_, err := w.raw().Exec(`DELETE FROM otp WHERE user_id = 'alice'`)
	w.must(err)
	w.want(w.answer(challenge(), "alice", state, w.code(0)), access.Reject, access.StateUnknown)
	w.want(w.ask(challenge(), "alice", password), access.Reject, access.EnrollmentRequired)
	w.want(w.ask(challenge(), "alice", password), access.Reject, access.EnrollmentRequired)
	var events []string
	for _, r := range w.records("alice") {
		events = append(events, r.Event)
	}
	last := strings.Join(events[len(events)-3:], " ")
	if last != "reset_by_hand login login" {
		t.Errorf("recorded %s", last)
	}
}
