package admin

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// sourceName is the name that a source gets in its folder.
const sourceName = "source"

// receive keeps the body of an import in the folder of its source, and returns
// the name of the file that is to be read.
func receive(body io.Reader, source ImportSource) (name string, err error) {
	if source.Format == FormatEduVPN {
		name, err = DatabaseName, receiveDatabase(body, source.Folder)
	} else {
		name, err = sourceName, keep(body, filepath.Join(source.Folder, sourceName))
	}
	if err != nil {
		return "", err
	}
	// What stands after the end of a tar is read too, so that one which breaks
	// off is told from one that is whole.
	if _, err := io.Copy(io.Discard, body); err != nil {
		return "", arrival(err)
	}
	return name, nil
}

// receiveDatabase unpacks a database and its log. Files are made under names of
// ours: none of the tar is a path here.
func receiveDatabase(body io.Reader, folder string) error {
	missing := map[string]bool{DatabaseName: true, DatabaseLogName: true}
	files := tar.NewReader(body)
	for {
		file, err := files.Next()
		switch {
		case errors.Is(err, io.EOF) && missing[DatabaseName]:
			return invalid("there is no %s in the tar", DatabaseName)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return arrival(err)
		case !missing[file.Name] || file.Typeflag != tar.TypeReg:
			return invalid("the tar may hold two plain files, %s and %s, once each, and nothing else", DatabaseName, DatabaseLogName)
		case file.Size > MaxImport:
			return &http.MaxBytesError{Limit: MaxImport}
		}
		delete(missing, file.Name)
		name := DatabaseName
		if file.Name == DatabaseLogName {
			name = DatabaseLogName
		}
		if err := keep(files, filepath.Join(folder, name)); err != nil {
			return err
		}
	}
}

// keep writes a new file.
func keep(content io.Reader, path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keeping the source: %w", err)
	}
	arrived := &arrivalReader{source: content}
	_, err = io.Copy(file, arrived)
	if arrived.err != nil {
		return errors.Join(arrival(arrived.err), file.Close())
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("keeping the source: %w", err)
	}
	return nil
}

// arrivalReader tells a body that breaks off from a disk that is full.
type arrivalReader struct {
	source io.Reader
	err    error
}

func (r *arrivalReader) Read(octets []byte) (int, error) {
	n, err := r.source.Read(octets)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// arrival is the error for a body that can't be read to its end.
func arrival(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return tooLarge
	case errors.Is(err, tar.ErrHeader):
		return invalid("the request is no tar")
	}
	return invalid("the request did not arrive whole")
}
