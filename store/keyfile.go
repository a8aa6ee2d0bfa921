package store

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ReadKeyFile reads store keys: one a line in Base64, the current one first.
// Blank lines and lines that begin with # are skipped.
func ReadKeyFile(path string) (Keys, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseKeys(data, path)
}

// ParseKeys reads the content of a key file; name stands in its errors, which
// never hold a part of the content.
func ParseKeys(data []byte, name string) (Keys, error) {
	var keys Keys
	lines := bufio.NewScanner(bytes.NewReader(data))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != KeySize {
			return nil, fmt.Errorf("%s:%d: a store key is %d octets in Base64", name, number, KeySize)
		}
		keys = append(keys, key)
	}
	if err := lines.Err(); err != nil { // what follows would be left out
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: holds no store key", name)
	}
	return keys, nil
}

// CreateKeyFile draws a store key and keeps it in a new file of mode 0600, in a
// folder that it makes with mode 0700. A file that is there is never touched.
// It returns once the key is on the disk.
func CreateKeyFile(path string) (Keys, error) {
	key := make([]byte, KeySize)
	rand.Read(key)
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(folder, ".store-key-*") // has mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = fmt.Fprintf(file, "# Store key of vpn-otpd. Back it up, but apart from the database.\n%s\n", base64.StdEncoding.EncodeToString(key))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	// A link is made whole or not at all, and never in place of another file.
	if err := os.Link(file.Name(), path); err != nil {
		return nil, err
	}
	if err := syncFolder(folder); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return Keys{key}, nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// KeyFileMissing reports whether err of ReadKeyFile says that there is no file.
func KeyFileMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
