package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// backup copies the database at path to a file that isn't there yet. VACUUM INTO
// reads as of one moment and keeps nobody from writing; it takes a connection of
// its own, since those of the store that read can't write anything.
func backup(ctx context.Context, path, into string) (err error) {
	if err := claim(into); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", location(path, writing))
	if err == nil {
		_, err = db.ExecContext(ctx, `VACUUM INTO $1`, into)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		return errors.Join(err, os.Remove(into))
	}
	return nil
}

// claim makes the empty file that the copy goes to, for its mode: SQLite would
// give it one that others can read.
func claim(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("making the copy: %w", err)
	}
	return file.Close()
}
