package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vpn-otpd/radiusd/admin"
)

var report = admin.ImportReport{Users: 3, Devices: 2, Unchanged: 1, Skipped: 2,
	Details: []admin.Skipped{{Place: "line 4", Name: "bob\x1b[2J", Reason: "the secret isn't Base32"}, {Place: "line 9", Reason: "no user name"}}}

func TestImport(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(file, []byte("user,secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dry := report
	dry.DryRun = true
	d := startDaemon(t, map[string]any{
		"POST /v1/import/csv?dry_run=false":     admin.ImportLine{Report: &report},
		"POST /v1/import/csv?dry_run=true":      admin.ImportLine{Report: &dry},
		"POST /v1/import/oath?dry_run=false":    admin.Problem{Error: "another import is under way", Kind: admin.KindRule},
		"POST /v1/import/otpauth?dry_run=false": admin.ImportLine{Problem: &admin.Problem{Error: "line 2 is too long", Kind: admin.KindInvalid}},
	})
	const table = "users added    3\ndevices added  2\nunchanged      1\nskipped        2\n\n" +
		"WHERE   USER      WHY NOT\nline 4  bob?[2J   the secret isn't Base32\nline 9  -         no user name\n"
	for _, test := range []struct {
		arguments, stdin string
		status           int
		stdout, stderr   string
		sent             string
	}{
		{"import csv " + file, "", statusDone, table, "", "user,secret"},
		{"import csv " + file + " --dry-run", "", statusDone, "a dry run: nothing was changed\n" + table, "", "user,secret"},
		{"import csv -", "a,b\n", statusDone, table, "", "a,b"},
		{"import csv -", "", statusUsage, "", "standard input is empty", ""},
		{"import csv " + file + ".none", "", statusUsage, "", "no such file", ""},
		{"import csv " + filepath.Dir(file), "", statusUsage, "", "is a folder", ""},
		{"import csv", "", statusUsage, "", "FILE is missing", ""},
		{"import excel x", "", statusUsage, "", "unknown command", ""},
		{"import oath -", "x", statusRefused, "", "another import is under way", ""},
		{"import otpauth -", "x", statusRefused, "", "line 2 is too long", ""},
		{"import eduvpn -", "x", statusUsage, "", "no such file", ""},
		{"import google-authenticator -", "x", statusUsage, "", "no such file", ""},
	} {
		got := d.run(t, strings.NewReader(test.stdin), strings.Fields(test.arguments)...)
		if got.status != test.status || unpadded(got.stdout) != unpadded(test.stdout) || !strings.Contains(got.stderr, test.stderr) {
			t.Errorf("%s: %+v", test.arguments, got)
		}
		if asked := d.requests(); !strings.HasSuffix(asked, test.sent) {
			t.Errorf("%s: asked %q", test.arguments, asked)
		}
	}
	checkJSON(t, "import", d.run(t, strings.NewReader("x"), "--json", "import", "csv", "-").stdout, report, false)
}

// unpadded makes one blank of many.
func unpadded(table string) string {
	var lines []string
	for line := range strings.Lines(table) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

// Counts come first, and a long list is cut short unless all of it is wanted.
func TestDescribeImport(t *testing.T) {
	t.Parallel()
	long := admin.ImportReport{Skipped: 20_000}
	for n := range admin.MaxSkipped {
		long.Details = append(long.Details, admin.Skipped{Place: fmt.Sprint("line ", n), Reason: "why"})
	}
	for all, want := range map[bool]string{false: "and 19950 more  --all lists them", true: "and 10000 more"} {
		var out bytes.Buffer
		if err := describeImport(&out, long, all); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if got := unpadded(lines[len(lines)-1]); got != unpadded(want) || len(lines) != map[bool]int{false: 57, true: admin.MaxSkipped + 7}[all] {
			t.Errorf("%d lines, the last is %q", len(lines), got)
		}
	}
	if err := describeImport(full{}, long, false); err == nil {
		t.Error("a report that could not be printed")
	}
}

// contents reads a tar that is made.
func contents(t *testing.T, archive io.ReadCloser) ([]string, error) {
	t.Helper()
	defer archive.Close()
	var found []string
	for r := tar.NewReader(archive); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		octets, err := io.ReadAll(r)
		if err != nil {
			return found, err
		}
		found = append(found, fmt.Sprintf("%s %c %s", header.Name, header.Typeflag, octets))
	}
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDatabaseArchive(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	name := write(t, filepath.Join(folder, "old.sqlite"), "database")
	archive, _, err := databaseArchive(name)
	if got, readErr := contents(t, archive); err != nil || readErr != nil || !slices.Equal(got, []string{"db.sqlite 0 database"}) {
		t.Errorf("%q, %v, %v", got, err, readErr)
	}
	write(t, name+"-wal", "log")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	archive, size, err := databaseArchive(link)
	if got, readErr := contents(t, archive); err != nil || readErr != nil || size != 11 || !slices.Equal(got, []string{"db.sqlite 0 database", "db.sqlite-wal 0 log"}) {
		t.Errorf("%q, %v, %v", got, err, readErr)
	}
	archive, _, err = databaseArchive(name)
	if err != nil {
		t.Fatal(err)
	}
	write(t, name+"-wal", "longer log") // before a byte of it is read
	if got, err := contents(t, archive); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("%q, %v", got, err)
	}
	write(t, name+"-journal", "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 and so on")
	if _, _, err := databaseArchive(name); err == nil || !strings.Contains(err.Error(), "broken off") {
		t.Errorf("with a hot journal: %v", err)
	}
	write(t, name+"-journal", "\x00\x00\x00\x00\x00\x00\x00\x00 and so on")
	archive, _, err = databaseArchive(name)
	if err != nil {
		t.Fatalf("with a journal that is over: %v", err)
	}
	archive.Close()
}

// A log that comes up after the database was read doesn't belong to what was sent.
func TestDatabaseInUse(t *testing.T) {
	t.Parallel()
	name := write(t, filepath.Join(t.TempDir(), "old.sqlite"), "database")
	archive, _, err := databaseArchive(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if _, err := io.ReadFull(archive, make([]byte, 512)); err != nil { // its heading
		t.Fatal(err)
	}
	write(t, name+"-wal", "log")
	if _, err := io.Copy(io.Discard, archive); err == nil || !strings.Contains(err.Error(), "stop the old server") {
		t.Errorf("%v", err)
	}
}

// Home folders are their users': what is no plain file isn't read.
func TestHomesArchive(t *testing.T) {
	t.Parallel()
	homes, secret := t.TempDir(), write(t, filepath.Join(t.TempDir(), "shadow"), "root's")
	write(t, filepath.Join(homes, "alice", googleFile), "hers")
	write(t, filepath.Join(homes, "bob", "other"), "no file of ours")
	write(t, filepath.Join(homes, "file"), "no folder")
	if err := os.MkdirAll(filepath.Join(homes, "mallory"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(homes, "mallory", googleFile)); err != nil {
		t.Fatal(err)
	}
	archive, _, err := homesArchive(homes)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"alice/" + googleFile + " 0 hers", "mallory/" + googleFile + " 2 "}
	if got, err := contents(t, archive); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if _, _, err := homesArchive(filepath.Dir(secret)); err == nil {
		t.Error("a folder without any")
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	var shown bytes.Buffer
	b := &bar{w: &shown}
	b.at("accounts", 5, 5)
	b.end()
	if got := shown.String(); !strings.Contains(got, "accounts  ["+strings.Repeat("#", barWidth)+"] 100 %") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("%q", got)
	}
	half := &bar{w: &shown}
	half.at("sending", 1, 2)
	half.at("sending", 1, 2) // too soon after the first
	if got := strings.Count(shown.String(), strings.Repeat("#", barWidth/2)+" "); got != 1 {
		t.Errorf("%d times in %q", got, shown.String())
	}
	(&bar{}).at("nobody", 1, 2)
}
