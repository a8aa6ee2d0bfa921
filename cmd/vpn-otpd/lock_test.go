package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A command on the stopped daemon's database and a daemon keep each other out;
// daemons don't.
func TestLock(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "db")
	first, err := shareStore(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	second, err := shareStore(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	if err := first(); err != nil {
		t.Fatal(err)
	}
	if _, err := ownStore(database); !errors.Is(err, errRunning) {
		t.Errorf("while a daemon runs: %v", err)
	}
	if err := second(); err != nil {
		t.Fatal(err)
	}
	own, err := ownStore(database)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ownStore(database); !errors.Is(err, errRunning) {
		t.Errorf("twice: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := shareStore(ctx, database); err == nil {
		t.Error("a daemon starts in between")
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = own() })
	waited, err := shareStore(t.Context(), database)
	if err != nil {
		t.Fatalf("after it: %v", err)
	}
	if err := waited(); err != nil {
		t.Error(err)
	}
	if _, err := ownStore(filepath.Join(t.TempDir(), "no", "folder")); err == nil || errors.Is(err, errRunning) {
		t.Errorf("in no folder: %v", err)
	}
}

// What root makes beside the database of another user is that user's.
func TestLockOfRootIsTheOwners(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	folder := t.TempDir()
	if err := os.Chown(folder, 64301, 64302); err != nil {
		t.Fatal(err)
	}
	release, err := ownStore(filepath.Join(folder, "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if uid, gid := ownerOf(t, filepath.Join(folder, "db.lock")); uid != 64301 || gid != 64302 {
		t.Errorf("it is of %d:%d", uid, gid)
	}
}

func ownerOf(t *testing.T, path string) (uid, gid uint32) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	return owner.Uid, owner.Gid
}
