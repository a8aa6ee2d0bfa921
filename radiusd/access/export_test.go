package access_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/totp"
)

func (w *world) exports(name string) (exported []string) {
	w.Helper()
	w.must(w.accounts.Export(w.Context(), admin, name, func(user string, devices []access.ExportedDevice) error {
		for _, d := range devices {
			exported = append(exported, user+" "+d.Label+" "+totp.FormatSecret(d.Secret))
		}
		return nil
	}))
	return exported
}

func TestExport(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	w.addDevice("alice", secret)
	w.clock.Add(time.Second) // of one moment none is first
	w.addDevice("alice", otherSecret)
	hers := []string{"alice phone GE " + secret, "alice phone MF " + otherSecret}
	if got := w.exports("ALICE"); !slices.Equal(got, hers) {
		t.Errorf("%q", got)
	}
	record := w.records("alice")[len(w.records("alice"))-1]
	if record.Event != access.EventDeviceExported || record.Actor != admin || record.Detail != "devices=2" {
		t.Errorf("recorded %+v", record)
	}
	if said := w.told(); !strings.Contains(said, access.EventDeviceExported) {
		t.Errorf("told %s", said)
	}
	if got := w.exports("bob"); len(got) != 0 || len(w.records("bob")) != 1 {
		t.Errorf("who has no device: %q, %+v", got, w.records("bob"))
	}
	err := w.accounts.Export(t.Context(), admin, "nobody", nil)
	w.wantRefusal(err, access.RefusedMissing, "nobody")
	err = w.accounts.Export(t.Context(), admin, "a\x00", nil)
	w.wantRefusal(err, access.RefusedInvalid, "")
}

// All users, in more than one transaction, each once.
func TestExportAll(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	var all []access.ImportedAccount
	for n := range 250 {
		all = append(all, imported(fmt.Sprintf("user%03d", n), secret))
	}
	w.imports(false, all...)
	got := w.exports("")
	if len(got) != 250 || !slices.IsSorted(got) || got[249] != "user249 imported "+secret {
		t.Errorf("%d, from %q to %q", len(got), got[0], got[len(got)-1])
	}
}

// No record, no secret.
func TestExportIsRecordedFirst(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	w.addDevice("alice", secret)
	broken := errors.New("pipe")
	err := w.accounts.Export(t.Context(), admin, "", func(user string, _ []access.ExportedDevice) error {
		if records := w.records(user); records[len(records)-1].Event != access.EventDeviceExported {
			t.Errorf("it leaves without a record: %+v", records)
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	w.must(w.store.Close())
	if err := w.accounts.Export(t.Context(), admin, "alice", func(string, []access.ExportedDevice) error { t.Error("it left"); return nil }); err == nil {
		t.Error("exported without a record")
	}
}
