package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

func (t *tool) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Make a copy of the store",
		Long: `Make a consistent copy of the SQLite store in a new file, mode 0600, while the
daemon goes on. The secrets in it are sealed: the store key isn't in it, and
without the key it is of no use. Keep a copy of the key in another place.`,
		Example: "  vpn-otpctl backup /var/backups/vpn-otpd.sqlite",
		Args:    names("FILE"),
		RunE: func(c *cobra.Command, arguments []string) error {
			if err := t.backup(c.Context(), arguments[0]); err != nil {
				return err
			}
			return t.say("%s is a copy of the store. The store key isn't in it: keep that, too, and in another place.", arguments[0])
		},
	}
}

// backup writes under another name first: what stands under the right one is whole.
func (t *tool) backup(ctx context.Context, name string) (err error) {
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s is there already, and nothing is written over", name)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return usageError{err}
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".vpn-otpd-backup-*") // its mode is 0600
	if err != nil {
		return usageError{err}
	}
	defer func() {
		if removeErr := os.Remove(file.Name()); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}()
	bar := t.bar()
	err = t.client().Backup(ctx, file, func(done, total int64) { bar.at("copying", done, total) })
	bar.end()
	if err = errors.Join(err, syncedClose(file, err == nil)); err != nil {
		return err
	}
	// Unlike a plain rename, neither of the two takes another file's place; not
	// every file system has both.
	if linkErr := os.Link(file.Name(), name); linkErr != nil {
		if err := unix.Renameat2(unix.AT_FDCWD, file.Name(), unix.AT_FDCWD, name, unix.RENAME_NOREPLACE); err != nil {
			return fmt.Errorf("giving the copy its name: %w", errors.Join(linkErr, err))
		}
	}
	folder, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return syncedClose(folder, true)
}

// syncedClose closes a file or folder whose content has reached the disk.
func syncedClose(file interface {
	io.Closer
	Sync() error
}, sync bool) error {
	if !sync {
		return file.Close()
	}
	return errors.Join(file.Sync(), file.Close())
}
