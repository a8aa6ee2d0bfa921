package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"vpn-otpd/store"
)

// The start of the rule outlives restarts; disabling and enabling begins anew.
func TestEnforcedSince(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	d, err := tryDaemon(t, folder, codeClient)
	if err != nil {
		t.Fatal(err)
	}
	began := enforcedSince(t, d)
	if age := time.Since(began); age < 0 || age > time.Minute {
		t.Fatalf("enforced since %s", began)
	}
	// As if it had been a day ago.
	began = began.Add(-day)
	err = d.store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.SetMeta(enforcedSinceKey, began.Format(time.RFC3339))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	if d, err = tryDaemon(t, folder, codeClient); err != nil {
		t.Fatal(err)
	}
	if got := enforcedSince(t, d); !got.Equal(began) {
		t.Errorf("after a restart: since %s, was %s", got, began)
	}
	reloadWith := func(old, new string) {
		t.Helper()
		text, err := os.ReadFile(d.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(d.path, []byte(strings.Replace(string(text), old, new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := d.reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	reloadWith("require_two_factor = true", "require_two_factor = false")
	if got := enforcedSince(t, d); !got.IsZero() {
		t.Errorf("while nothing is enforced: since %s", got)
	}
	reloadWith("\n[[radius.client]]\n", "\n[[radius.client]]\nrequire = \"always\"\n")
	if got := enforcedSince(t, d); time.Since(got) > time.Minute {
		t.Errorf("enforced anew by one client: since %s", got)
	}
}

// enforcedSince is the start that is in force, which must be what the store has.
func enforcedSince(t *testing.T, d *running) (since time.Time) {
	t.Helper()
	kept := ""
	err := d.store.View(t.Context(), func(tx *store.Tx) (err error) {
		kept, err = tx.Meta(enforcedSinceKey)
		return err
	})
	if err == nil && kept != "" {
		since, err = time.Parse(time.RFC3339, kept)
	}
	if inForce := d.current().Settings.FirstUse.Since; err != nil || !inForce.Equal(since) {
		t.Fatalf("in force since %s, in the store %q, %v", inForce, kept, err)
	}
	return since
}

// A node that was slower than another takes the other's word.
func TestEnforcedSinceOfTheFirstNode(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, codeClient)
	const first = "2026-01-02T03:04:05Z"
	err := d.store.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.SetMeta(enforcedSinceKey, first); err != nil {
			return err
		}
		if kept, err := changeEnforcedSince(tx, enforcedSinceKey, true); err != nil || kept != first {
			t.Errorf("since %q, %v", kept, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if since, err := keepEnforcedSince(t.Context(), d.store, enforcedSinceKey, true); err != nil || since.Format(time.RFC3339) != first {
		t.Errorf("since %s, %v", since, err)
	}
}
