package access_test

import (
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

func TestAccountsRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addDevice("alice", secret)
	device := func(d access.NewDevice) error {
		_, err := w.accounts.AddDevice(t.Context(), admin, "alice", d)
		return err
	}
	add := func(name string, p []byte) error {
		_, err := w.accounts.AddUser(t.Context(), admin, name, p)
		return err
	}
	codeBy := func(helpdesk bool, valid time.Duration, uses int) error {
		_, _, err := w.accounts.GiveCode(t.Context(), admin, "alice", valid, uses, helpdesk)
		return err
	}
	code := func(valid time.Duration, uses int) error { return codeBy(false, valid, uses) }
	_, recovery := w.accounts.NewRecoveryCodes(t.Context(), admin, "bob")
	for _, test := range []struct {
		name  string
		err   error
		kind  access.RefusalKind
		words string
	}{
		{"user twice", add(" ALICE", nil), access.RefusedExists, "alice"},
		{"name", add("a\x00", nil), access.RefusedInvalid, "control"},
		{"empty password", add("carol", []byte{}), access.RefusedInvalid, "empty"},
		{"long password", add("carol", make([]byte, 129)), access.RefusedInvalid, "128"},
		{"password in NUL", add("carol", []byte("x\x00")), access.RefusedInvalid, "NUL"},
		{"password of nobody", w.accounts.SetPassword(t.Context(), admin, "nobody", []byte("x")), access.RefusedMissing, "nobody"},
		{"no password", w.accounts.SetPassword(t.Context(), admin, "alice", nil), access.RefusedInvalid, "empty"},
		{"policy", w.accounts.SetPolicy(t.Context(), admin, "alice", own(w, "never")), access.RefusedInvalid, "never"},
		{"reset of nobody", w.accounts.Reset(t.Context(), admin, "nobody"), access.RefusedMissing, "nobody"},
		{"unlock of nobody", w.accounts.Unlock(t.Context(), admin, "nobody"), access.RefusedMissing, "nobody"},
		{"delete nobody", w.accounts.DeleteUser(t.Context(), admin, "nobody"), access.RefusedMissing, "nobody"},
		{"secret", device(access.NewDevice{Secret: "0000", Label: "x"}), access.RefusedInvalid, ""},
		{"label twice", device(access.NewDevice{Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Label: "phone GE"}), access.RefusedExists, "phone GE"},
		{"label", device(access.NewDevice{Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Label: "x\n"}), access.RefusedInvalid, "label"},
		{"digits", device(access.NewDevice{Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Label: "x", Digits: 8}), access.RefusedRule, "equally many"},
		{"digits out of bounds", device(access.NewDevice{Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Label: "x", Digits: 9}), access.RefusedInvalid, ""},
		{"algorithm", device(access.NewDevice{Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Label: "x", Algorithm: "MD5"}), access.RefusedInvalid, ""},
		{"no such device", w.accounts.RemoveDevice(t.Context(), admin, "alice", "tablet"), access.RefusedMissing, "tablet"},
		{"code too long", code(31*24*time.Hour, 1), access.RefusedInvalid, "between"},
		{"code too short", code(time.Second, 1), access.RefusedInvalid, "between"},
		{"code of no use", code(time.Hour, 0), access.RefusedInvalid, "uses"},
		{"helpdesk's code too long", codeBy(true, 24*time.Hour+time.Second, 1), access.RefusedInvalid, "24h"},
		{"helpdesk's code of four uses", codeBy(true, time.Hour, 4), access.RefusedInvalid, "3 uses"},
		{"recovery codes without device", recovery, access.RefusedRule, "no device"},
	} {
		t.Run(test.name, func(t *testing.T) { w.wantRefusal(test.err, test.kind, test.words) })
	}
	if strings.Contains(w.log.String(), "0000") {
		t.Error("a refused secret is in the log")
	}
}

func TestChangesAreRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	helpdesk := store.Actor{UID: 1042, Name: "helen"}
	w.addDevice("alice", secret)
	_, err := w.accounts.NewRecoveryCodes(t.Context(), helpdesk, "alice")
	w.must(err)
	_, _, err = w.accounts.GiveCode(t.Context(), helpdesk, "alice", time.Hour, 1, false)
	w.must(err)
	w.must(w.accounts.SetPolicy(t.Context(), helpdesk, "alice", own(w, store.PolicyExempt)))
	w.must(w.accounts.SetPassword(t.Context(), helpdesk, "alice", []byte("new")))
	w.must(w.accounts.SetDisabled(t.Context(), helpdesk, "alice", true))
	w.must(w.accounts.Unlock(t.Context(), helpdesk, "alice"))
	w.must(w.accounts.RemoveDevice(t.Context(), helpdesk, "alice", "phone GE"))
	account, err := w.accounts.User(t.Context(), "alice")
	w.must(err)
	if account.RecoveryCodes != 0 || !account.EverEnrolled {
		t.Errorf("after the last device: %+v", account)
	}
	w.must(w.accounts.Reset(t.Context(), helpdesk, "alice"))
	w.must(w.accounts.DeleteUser(t.Context(), helpdesk, "alice"))
	var events []string
	for _, r := range w.records("alice") {
		events = append(events, r.Event)
		if r.Event != access.EventUserAdded && r.Event != access.EventDeviceAdded && r.Actor != helpdesk {
			t.Errorf("%s was done by %+v", r.Event, r.Actor)
		}
	}
	want := "user_added device_added recovery_codes_made temporary_code_given policy_set password_set user_disabled unlocked device_removed reset user_deleted"
	if got := strings.Join(events, " "); got != want {
		t.Errorf("recorded\n%s, want\n%s", got, want)
	}
}
