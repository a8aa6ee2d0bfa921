package exchange

import (
	"slices"
	"strings"
	"testing"
)

func encode(secret []byte) string { return letters.EncodeToString(secret) }

func find(t testing.TB, batch Batch, name string) Account {
	t.Helper()
	for _, account := range batch.Accounts {
		if account.Name == name {
			return account
		}
	}
	t.Fatalf("no account %q", name)
	return Account{}
}

func wantNames(t testing.TB, batch Batch, want ...string) {
	t.Helper()
	var names []string
	for _, account := range batch.Accounts {
		names = append(names, account.Name)
	}
	if !slices.Equal(names, want) {
		t.Errorf("accounts\n%q, want\n%q", names, want)
	}
}

// wantSkipped compares what was left out, as "place: reason".
func wantSkipped(t testing.TB, batch Batch, want ...string) {
	t.Helper()
	var skipped []string
	for _, s := range batch.Skipped {
		skipped = append(skipped, s.Place+": "+s.Reason)
		for _, secret := range []string{secretA, secretB, bcryptA, hexA, octetsA} {
			if strings.Contains(s.Name+s.Reason, secret) {
				t.Errorf("a secret in %+v", s)
			}
		}
	}
	if !slices.Equal(skipped, want) {
		t.Errorf("skipped\n%s\nwant\n%s", strings.Join(skipped, "\n"), strings.Join(want, "\n"))
	}
}
