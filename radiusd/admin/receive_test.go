package admin

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vpn-otpd/radiusd/access"
)

// archive makes a tar of plain files with their names for content; one whose
// name begins with "->" is a link.
func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var octets bytes.Buffer
	w := tar.NewWriter(&octets)
	for _, name := range names {
		header := &tar.Header{Name: name, Mode: 0o777, Size: int64(len(name))}
		if link, is := strings.CutPrefix(name, "->"); is {
			header = &tar.Header{Name: link, Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}
			name = ""
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return octets.Bytes()
}

func TestDatabaseWithItsLog(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{{DatabaseName}, {DatabaseName, DatabaseLogName}, {DatabaseLogName, DatabaseName}} {
		w, folder := imports(t, func(_ context.Context, source ImportSource, _ func(ImportProgress)) (access.ImportReport, error) {
			entries, err := os.ReadDir(source.Folder)
			if err != nil || len(entries) != len(names) || source.File != DatabaseName {
				t.Errorf("%v, %v, %s", entries, err, source.File)
			}
			for _, name := range names {
				if content, err := os.ReadFile(filepath.Join(source.Folder, name)); err != nil || string(content) != name {
					t.Errorf("%s: %q, %v", name, content, err)
				}
			}
			return access.ImportReport{}, nil
		})
		if _, err := NewClient(w.socket).Import(t.Context(), FormatEduVPN, bytes.NewReader(archive(t, names...)), false, nil); err != nil {
			t.Errorf("%q: %v", names, err)
		}
		empty(t, folder)
	}
}

// Nothing of a tar is a path here.
func TestDatabaseRefused(t *testing.T) {
	t.Parallel()
	w, folder := imports(t, never(t))
	outside := filepath.Join(filepath.Dir(folder), "outside")
	whole := archive(t, DatabaseName)
	for name, test := range map[string]struct {
		octets []byte
		words  string
	}{
		"another file":   {archive(t, DatabaseName, "passwd"), "two plain files"},
		"out of it":      {archive(t, "../outside"), "two plain files"},
		"absolute":       {archive(t, outside), "two plain files"},
		"a longer way":   {archive(t, "./"+DatabaseName), "two plain files"},
		"twice":          {archive(t, DatabaseName, DatabaseName), "two plain files"},
		"a link":         {archive(t, "->"+DatabaseName), "two plain files"},
		"the log alone":  {archive(t, DatabaseLogName), "no db.sqlite"},
		"nothing":        {nil, "no db.sqlite"},
		"no tar":         {bytes.Repeat([]byte("SQLite format 3\x00"), 64), "no tar"},
		"in the middle":  {whole[:512+5], "whole"},
		"in the heading": {whole[:100], "whole"},
	} {
		_, err := NewClient(w.socket).Import(t.Context(), FormatEduVPN, bytes.NewReader(test.octets), false, nil)
		var refusal *RefusalError
		if !errors.As(err, &refusal) || refusal.Kind != KindInvalid || !strings.Contains(refusal.Text, test.words) {
			t.Errorf("%s: %v", name, err)
		}
		empty(t, folder)
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a file was made outside")
	}
}
