package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"vpn-otpd/store"
)

// A copy is whole, of one moment, and opens with the same key, while others write.
func TestBackup(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "store.sqlite"))
	if err := addUser(s, "alice"); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	writers.Go(func() {
		for n := range 200 {
			if err := addUser(s, fmt.Sprint("user", n)); err != nil {
				t.Error(err)
			}
		}
	})
	copied := filepath.Join(folder, "a copy? it's #1%20")
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	writers.Wait()
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v", info.Mode(), err)
	}
	restored := open(t, copied)
	if _, found, err := restored.Account(t.Context(), "alice"); err != nil || !found {
		t.Errorf("in the copy: %v, %v", found, err)
	}
	if err := addUser(restored, "bob"); err != nil {
		t.Errorf("the copy can't be used: %v", err)
	}
	chains, err := restored.VerifyAudit(t.Context(), nil)
	if err != nil || len(chains) > 0 && chains[0].Broken != 0 {
		t.Errorf("the copy's audit log: %+v, %v", chains, err)
	}
}

// Nothing that is there is written over, and a copy that fails leaves nothing.
func TestBackupRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "store.sqlite")
	s := open(t, path)
	if err := s.Backup(t.Context(), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over itself: %v", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(folder, "none", "copy")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into a folder that isn't there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	copied := filepath.Join(folder, "copy")
	if err := s.Backup(ctx, copied); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if _, err := os.Stat(copied); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a copy is left: %v", err)
	}
	if err := addUser(s, "alice"); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// A database of another kind says that it is copied otherwise.
func TestNoBackup(t *testing.T) {
	t.Parallel()
	var other store.Store
	if err := other.Backup(t.Context(), "copy"); !errors.Is(err, store.ErrNoBackup) {
		t.Errorf("%v", err)
	}
}
