package access_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/totp"
)

func imported(name, secret string) access.ImportedAccount {
	octets, _ := totp.ParseSecret(secret)
	return access.ImportedAccount{Place: "row of " + name, Name: name, Devices: []access.ImportedDevice{
		{Place: "otp of " + name, Secret: octets, Algorithm: "SHA1", Digits: 6, Period: 30}}}
}

func (w *world) imports(dryRun bool, accounts ...access.ImportedAccount) access.ImportReport {
	w.Helper()
	report, err := w.accounts.Import(w.Context(), admin, accounts, access.ImportOptions{Source: "test", DryRun: dryRun})
	w.must(err)
	return report
}

func skipped(report access.ImportReport) string {
	var all []string
	for _, s := range report.Skipped {
		all = append(all, s.Place+": "+s.Reason)
	}
	return strings.Join(all, "; ")
}

const otherSecret = "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK"

func TestImport(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	carol, dave := imported("Carol", secret), imported("dave", otherSecret)
	dave.Disabled, dave.PasswordHash = true, "$argon2id$a hash"
	dry := w.imports(true, carol, dave)
	if _, found, _ := w.store.Account(t.Context(), "carol"); found {
		t.Error("a dry run has left something")
	}
	report := w.imports(false, carol, dave)
	if report.Users != 2 || report.Devices != 2 || len(report.Skipped) != 0 || fmt.Sprint(dry) != fmt.Sprint(report) {
		t.Errorf("imported %+v, in the dry run %+v", report, dry)
	}
	account, _, err := w.store.Account(t.Context(), "dave")
	if err != nil || !account.Disabled || account.PasswordHash != dave.PasswordHash || len(account.Devices) != 1 || !account.EverEnrolled {
		t.Errorf("%+v, %v", account, err)
	}
	w.want(w.ask(codeOnly(), "carol", w.code(0)), access.Accept, access.TOTPAccepted)
	again := w.imports(false, carol, dave)
	if again.Users+again.Devices+len(again.Skipped) != 0 || again.Unchanged != 2 {
		t.Errorf("the second time %+v", again)
	}
	if records := w.records("carol"); records[0].Event != access.EventImported || records[0].Actor != admin {
		t.Errorf("recorded %+v", records)
	}
	if said := w.told(); said != "" {
		t.Errorf("told %s", said)
	}
}

// Nothing that is here is replaced, and nobody becomes somebody else.
func TestImportReplacesNothing(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	w.addDevice("alice", secret)
	w.must(w.accounts.SetPassword(t.Context(), admin, "alice", []byte("hers")))
	alice, twin, bad := imported("ALICE", otherSecret), imported("alice", otherSecret), imported("a\x00b", secret)
	alice.PasswordHash, alice.Disabled = "another", true
	short, eight := imported("short", secret), imported("eight", secret)
	short.Devices[0].Secret = []byte("short")
	eight.Devices = append(eight.Devices, imported("eight", otherSecret).Devices[0])
	eight.Devices[1].Digits = 8
	report := w.imports(false, alice, twin, bad, short, eight)
	said := skipped(report)
	for _, words := range []string{"row of ALICE: the password", "otp of ALICE: is enrolled here already", "row of alice: is the same user as at row of ALICE", "row of a\x00b: a name is", "otp of short: a secret has", "otp of eight: the devices of a user must show"} {
		if !strings.Contains(said, words) {
			t.Errorf("%s\nhas not %q", said, words)
		}
	}
	account, _, err := w.store.Account(t.Context(), "alice")
	if err != nil || len(account.Devices) != 1 || account.Disabled || account.PasswordHash != "hash" {
		t.Errorf("%+v, %v", account, err)
	}
}

// A code that was used in the old system isn't accepted here.
func TestImportedLastStep(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	carol := imported("carol", secret)
	carol.Devices[0].LastStep = totp.Step(w.clock.Now(), 30)
	w.imports(false, carol)
	w.want(w.ask(codeOnly(), "carol", w.code(0)), access.Reject, access.CodeUsed)
	w.clock.Add(30 * time.Second)
	w.want(w.ask(codeOnly(), "carol", w.code(0)), access.Accept, access.TOTPAccepted)
}

// A step of the future is no use of a code: nobody is locked out by it for years.
func TestImportedStepOfTheFuture(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	carol := imported("carol", secret)
	carol.Devices[0].LastStep = totp.Step(w.clock.Now(), 30) + 1_000_000
	w.imports(false, carol)
	w.want(w.ask(codeOnly(), "carol", w.code(1)), access.Reject, access.CodeUsed)
	w.clock.Add(time.Minute)
	w.want(w.ask(codeOnly(), "carol", w.code(0)), access.Accept, access.TOTPAccepted)
}

// Whoever asked may go away before it begins, or in the middle.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	for _, after := range []int{0, 1} {
		w := firstUse(t)
		ctx, cancel := context.WithCancel(t.Context())
		options := access.ImportOptions{Source: "test", Progress: func(done int) {
			if done == after {
				cancel()
			}
		}}
		if after == 0 {
			cancel()
		}
		_, err := w.accounts.Import(ctx, admin, []access.ImportedAccount{imported("carol", secret), imported("dave", otherSecret)}, options)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("called off after %d: %v", after, err)
		}
		for _, name := range []string{"carol", "dave"} {
			if _, found, _ := w.store.Account(t.Context(), name); found {
				t.Errorf("half an import is left: %s", name)
			}
		}
		cancel()
	}
}

// An import is no way around the rule that nobody changes the own account.
func TestImportLeavesTheOwnAccount(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	accounts := []access.ImportedAccount{imported("Carol", secret), imported("dave", otherSecret)}
	report, err := w.accounts.Import(t.Context(), admin, accounts, access.ImportOptions{Own: "carol"})
	w.must(err)
	if report.Users != 1 || !strings.Contains(skipped(report), "row of Carol: nobody changes the own account") {
		t.Errorf("%+v", report)
	}
	if _, found, _ := w.store.Account(t.Context(), "carol"); found {
		t.Error("the own account was made")
	}
}

func BenchmarkImport(b *testing.B) {
	w := firstUse(b)
	accounts := make([]access.ImportedAccount, 10_000)
	for i := range accounts {
		accounts[i] = imported(fmt.Sprint("user", i), secret)
	}
	for n := 0; b.Loop(); n++ {
		for i := range accounts {
			accounts[i].Name = fmt.Sprint("user", n, "-", i)
		}
		w.imports(false, accounts...)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(accounts)), "us/user")
}
