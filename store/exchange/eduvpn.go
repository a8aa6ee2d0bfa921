package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// EduVPN reads a database of eduVPN or Let's Connect!: the server's of 2.x and
// 1.x (devices, who is disabled), the portal's (local accounts with their
// passwords), or one that is both. Of several secrets of a user the first row
// counts, as it does there.
//
// The folder holds the database under its name and, where there is one, its
// -wal beside it. Neither is changed, but SQLite makes its index of the -wal in
// that folder: give it a folder of ours and a copy made with the server stopped.
//
// A 2.x server logs the codes it was given for some minutes. No device's
// LastStep is older than its user's newest entry there, plus the one step that
// a code may be early. 1.x logged them in a time zone that isn't known.
func EduVPN(ctx context.Context, folder, name string) (Batch, error) {
	path := filepath.Join(folder, name)
	if !filepath.IsLocal(name) {
		return Batch{}, errors.New("the name of the database leads out of its folder")
	}
	if err := checkFiles(path); err != nil {
		return Batch{}, err
	}
	db, err := sql.Open("sqlite", location(path))
	if err != nil {
		return Batch{}, fmt.Errorf("opening the database: %w", err)
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return Batch{}, databaseError("opening the database", err)
	}
	defer conn.Close()
	if _, err := sqlite.Limit(conn, sqlite3.SQLITE_LIMIT_LENGTH, maxValue); err != nil {
		return Batch{}, fmt.Errorf("bounding the database: %w", err)
	}
	return readEduVPN(ctx, conn)
}

// maxValue is the most octets of one value or row of the database: a hostile
// one computes values that its size doesn't show.
const maxValue = 1 << 20

// options of the connection: nothing is written, and the schema's own functions
// and the sizes in its pages aren't believed.
const options = "mode=ro&_pragma=query_only(ON)&_pragma=trusted_schema(OFF)&_pragma=cell_size_check(ON)"

// location names the database as a URI: nothing of its path is taken for an option.
func location(path string) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options}).String()
}

// signature is what each SQLite database begins with.
const signature = "SQLite format 3\x00"

// checkFiles looks at the files before SQLite does.
func checkFiles(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("the database is no file")
	}
	if wal, err := os.Lstat(path + "-wal"); info.Size() > maxFile || err == nil && wal.Size() > maxFile {
		return errFileSize
	}
	begin := make([]byte, len(signature))
	if _, err := io.ReadFull(file, begin); err != nil || string(begin) != signature {
		return errors.New("the file is no SQLite database")
	}
	return nil
}

// databaseError puts SQLite's commonest complaints into words.
func databaseError(doing string, err error) error {
	var fault *sqlite.Error
	if errors.As(err, &fault) {
		if fault.Code() == sqlite3.SQLITE_READONLY_ROLLBACK {
			return fmt.Errorf("%s: a change to it was broken off; open it once with the sqlite3 shell, on the server: %w", doing, err)
		}
		switch fault.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("%s: the database is damaged, or only a part of it is here: %w", doing, err)
		}
	}
	return fmt.Errorf("%s: %w", doing, err)
}
