package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"vpn-otpd/radiusd/admin"
)

// databaseArchive is a tar of a database and its log, made while it is read. A
// database that changes meanwhile is an error of reading: its two files wouldn't
// belong together.
func databaseArchive(name string) (archive io.ReadCloser, size int64, err error) {
	// SQLite looks for the log beside the file itself, not beside a link to it.
	name, err = filepath.EvalSymlinks(name)
	if err != nil {
		return nil, 0, usageError{err}
	}
	before, err := databaseFiles(name)
	if err != nil {
		return nil, 0, usageError{err}
	}
	for _, file := range before {
		size += file.info.Size()
	}
	return archived(func(w *tar.Writer) error {
		for _, file := range before {
			if err := addFile(w, file.as, file.path, file.info); err != nil {
				return err
			}
		}
		after, err := databaseFiles(name)
		if err == nil && !sameFiles(before, after) {
			err = errors.New("it changed while it was read: stop the old server first")
		}
		return err
	}), size, nil
}

// sourceFile is a file that goes into an archive.
type sourceFile struct {
	path, as string
	info     fs.FileInfo
}

func databaseFiles(name string) ([]sourceFile, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", name)
	}
	if hot, err := hotJournal(name + "-journal"); err != nil || hot {
		return nil, errors.Join(err, fmt.Errorf("a change to %s was broken off: open it once with the sqlite3 shell, on its server", name))
	}
	files := []sourceFile{{name, admin.DatabaseName, info}}
	log, err := os.Stat(name + "-wal")
	switch {
	case err == nil && log.Size() > 0:
		files = append(files, sourceFile{name + "-wal", admin.DatabaseLogName, log})
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return files, nil
}

// hotJournal tells whether a rollback journal holds what a change that was broken
// off has overwritten: its header is intact then.
func hotJournal(name string) (bool, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	const intact = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
	header := make([]byte, len(intact))
	_, err = io.ReadFull(file, header)
	return err == nil && string(header) == intact, nil
}

func sameFiles(before, after []sourceFile) bool {
	if len(before) != len(after) {
		return false
	}
	for i := range before {
		a, b := before[i].info, after[i].info
		if !os.SameFile(a, b) || a.Size() != b.Size() || !a.ModTime().Equal(b.ModTime()) {
			return false
		}
	}
	return true
}

// googleFile is the name of pam_google_authenticator's file in a home folder.
const googleFile = ".google_authenticator"

// homesArchive is a tar of the files of pam_google_authenticator in home folders.
// They belong to their users, who may have put anything there: a link isn't
// followed, and nothing but a plain file is read.
func homesArchive(folder string) (archive io.ReadCloser, size int64, err error) {
	homes, err := os.ReadDir(folder)
	if err != nil {
		return nil, 0, usageError{err}
	}
	var files []sourceFile
	for _, home := range homes {
		name := filepath.Join(folder, home.Name(), googleFile)
		info, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			continue
		} else if err != nil {
			return nil, 0, err
		}
		files = append(files, sourceFile{name, path.Join(home.Name(), googleFile), info})
		size += info.Size()
	}
	if len(files) == 0 {
		return nil, 0, usage("no folder in %s has a file %s", folder, googleFile)
	}
	return archived(func(w *tar.Writer) error {
		for _, file := range files {
			if err := addFile(w, file.as, file.path, file.info); err != nil {
				return err
			}
		}
		return nil
	}), size, nil
}

// archived makes a tar while it is read.
func archived(write func(*tar.Writer) error) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() {
		archive := tar.NewWriter(writer)
		err := write(archive)
		if err == nil {
			err = archive.Close()
		}
		writer.CloseWithError(err)
	}()
	return reader
}

// addFile adds a file, and of a link or a folder only that it is one.
func addFile(w *tar.Writer, as, name string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return w.WriteHeader(&tar.Header{Name: as, Typeflag: tar.TypeSymlink, Linkname: "?"})
	}
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	opened, err := file.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(info, opened) || opened.Size() != info.Size() {
		return fmt.Errorf("%s changed while it was read", name)
	}
	if err := w.WriteHeader(&tar.Header{Name: as, Size: info.Size(), Mode: 0o600}); err != nil {
		return err
	}
	if _, err := io.CopyN(w, file, info.Size()); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}
