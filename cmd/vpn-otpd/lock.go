package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// errRunning: a daemon uses the database.
var errRunning = errors.New("a daemon uses this database")

// lockWait is how long a daemon that starts waits for a command on the stopped
// daemon's database to end.
const lockWait = 10 * time.Second

// shareStore says that a daemon uses the database, until release is called or the
// process ends, whatever ends it (flock(2)).
func shareStore(ctx context.Context, database string) (release func() error, err error) {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	for {
		release, err = lockStore(database, syscall.LOCK_SH)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return release, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.New("another command holds the database: is a vpn-otpd reset under way?")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// ownStore says that no daemon may use the database until release is called. It
// fails with errRunning where one does.
func ownStore(database string) (release func() error, err error) {
	release, err = lockStore(database, syscall.LOCK_EX)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errRunning
	}
	return release, err
}

// lockStore locks a file beside the database: SQLite has locks of its own on the
// database, and closing it would lose ours.
func lockStore(database string, how int) (release func() error, err error) {
	file, err := openLock(database + ".lock")
	if err != nil {
		return nil, fmt.Errorf("locking the database: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("locking the database: %w", err), file.Close())
	}
	return file.Close, nil
}

// openLock makes the file if there is none. What root makes belongs to whom the
// folder belongs to, or the daemon couldn't open it.
func openLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil || os.Geteuid() != 0 {
		return file, err
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err == nil {
		owner := folder.Sys().(*syscall.Stat_t)
		err = file.Chown(int(owner.Uid), int(owner.Gid))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
