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

// A name in a report may come from a hostile file, and ends up on a terminal.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"alice@example.org": "alice@example.org", "böb smith": "böb smith", "a\x00b\x1b[2J\n": "a\ufffdb\ufffd[2J\ufffd",
		"\u202egnp": "\ufffdgnp", "m\xfcller": "m\ufffdller", "": "",
		strings.Repeat("x", shownName):          strings.Repeat("x", shownName),
		strings.Repeat("ü", 5000):               strings.Repeat("ü", shownName) + "…",
		strings.Repeat("\U0001f600", shownName): strings.Repeat("\U0001f600", shownName),
	} {
		if shown := printable(name); shown != want {
			t.Errorf("%q is shown as %q, want %q", name, shown, want)
		}
	}
	c := newCollector()
	c.skip("line 1", "a\x1bb", "for a reason")
	if batch, _ := c.finish(nil); batch.Skipped[0].Name != "a\ufffdb" {
		t.Errorf("%+v", batch)
	}
}
