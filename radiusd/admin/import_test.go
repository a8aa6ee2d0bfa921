package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

// imports is a server whose imports are done by a function, and the folder in
// which their sources lie.
func imports(t *testing.T, do func(context.Context, ImportSource, func(ImportProgress)) (access.ImportReport, error), limits ...Limits) (*world, string) {
	t.Helper()
	folder := t.TempDir()
	return serve(t, func(s *Server) {
		s.Import, s.ImportFolder, s.Roles = do, folder, testRoles
		for _, limit := range limits {
			s.Limits = limit
		}
	}), folder
}

// empty waits until nothing is left in a folder.
func empty(t *testing.T, folder string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		entries, err := os.ReadDir(folder)
		if err == nil && len(entries) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %v, %v", entries, err)
		}
	}
}

func never(t *testing.T) func(context.Context, ImportSource, func(ImportProgress)) (access.ImportReport, error) {
	return func(context.Context, ImportSource, func(ImportProgress)) (access.ImportReport, error) {
		t.Error("something was imported")
		return access.ImportReport{}, nil
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	var got ImportSource
	var content []byte
	w, folder := imports(t, func(_ context.Context, source ImportSource, progress func(ImportProgress)) (access.ImportReport, error) {
		got = source
		content, _ = os.ReadFile(filepath.Join(source.Folder, source.File))
		for path, mode := range map[string]os.FileMode{source.Folder: 0o700, filepath.Join(source.Folder, source.File): 0o600} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v", path, info.Mode(), err)
			}
		}
		progress(ImportProgress{PhaseAccounts, 3, 5})
		time.Sleep(2 * progressEvery) // there is no other sign that a line was due
		return access.ImportReport{Users: 1, Devices: 2, Unchanged: 3, Skipped: []access.ImportSkipped{{Place: "line 4", Name: strings.Repeat("x", 300), Reason: "why"}}}, nil
	})
	var heard []ImportProgress
	report, err := NewClient(w.socket).Import(t.Context(), "csv", strings.NewReader("user,secret\n"), true, func(p ImportProgress) { heard = append(heard, p) })
	if err != nil || report.Users != 1 || report.Devices != 2 || report.Unchanged != 3 || report.Skipped != 1 || !report.DryRun {
		t.Errorf("%+v, %v", report, err)
	}
	if skipped := report.Details[0]; skipped.Place != "line 4" || skipped.Reason != "why" || len(skipped.Name) > 70 {
		t.Errorf("%+v", skipped)
	}
	if got.Format != "csv" || !got.DryRun || string(content) != "user,secret\n" || got.Actor.UID != int64(os.Getuid()) || got.Own != "" {
		t.Errorf("%+v, %q", got, content)
	}
	if len(heard) == 0 || heard[0] != (ImportProgress{PhaseAccounts, 3, 5}) {
		t.Errorf("heard %+v", heard)
	}
	empty(t, folder)
}

// What is refused comes with its reason, also when the answer has begun, and
// every kind of trouble leaves no source behind.
func TestImportRefused(t *testing.T) {
	t.Parallel()
	answer := error(nil)
	w, folder := imports(t, func(context.Context, ImportSource, func(ImportProgress)) (access.ImportReport, error) {
		if answer == nil {
			panic("out of order")
		}
		return access.ImportReport{}, answer
	})
	client := NewClient(w.socket)
	for _, test := range []struct {
		format string
		answer error
		kind   string
		words  string
	}{
		{"csv", &access.Refusal{Kind: access.RefusedInvalid, Text: "line 1: no column"}, KindInvalid, "line 1"},
		{"csv", errors.New("the disk is full"), KindFault, "its log says why"},
		{"csv", nil, KindFault, "its log says why"},
		{"excel", nil, KindInvalid, "freeradius"},
		{"..", nil, KindInvalid, "not known"},
	} {
		answer = test.answer
		_, err := client.Import(t.Context(), test.format, strings.NewReader("x"), false, nil)
		var refusal *RefusalError
		if !errors.As(err, &refusal) || refusal.Kind != test.kind || !strings.Contains(refusal.Text, test.words) {
			t.Errorf("%s: %v", test.format, err)
		}
		empty(t, folder)
	}
	if log := w.log.String(); !strings.Contains(log, "disk is full") || !strings.Contains(log, "out of order") {
		t.Errorf("log: %s", log)
	}
	for request, status := range map[string]string{
		"/v1/import/csv?dry_run=perhaps": "400",
		"/v1/import/csv?dry=true":        "400",
	} {
		if answer := w.raw(t, post(request, "x")); !strings.HasPrefix(answer, "HTTP/1.1 "+status) {
			t.Errorf("%s: %s", request, answer)
		}
	}
	declared := fmt.Sprintf("POST /v1/import/csv HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", MaxImport+1)
	if answer := w.raw(t, declared); !strings.HasPrefix(answer, "HTTP/1.1 413") {
		t.Errorf("too long: %s", answer)
	}
}

// One at a time; when the first is over, the next may come.
func TestOneImportAtATime(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan bool), make(chan bool)
	w, _ := imports(t, func(ctx context.Context, _ ImportSource, _ func(ImportProgress)) (access.ImportReport, error) {
		select {
		case inside <- true:
			<-leave
		case <-ctx.Done():
		}
		return access.ImportReport{}, ctx.Err()
	})
	client, first := NewClient(w.socket), make(chan error, 1)
	go func() {
		_, err := client.Import(t.Context(), "csv", strings.NewReader("x"), false, nil)
		first <- err
	}()
	<-inside
	var refusal *RefusalError
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	// More than a connection holds: the refusal is heard all the same.
	_, err := client.Import(ctx, "csv", strings.NewReader(strings.Repeat("x", 8<<20)), false, nil)
	if !errors.As(err, &refusal) || refusal.Kind != KindRule || refusal.Status != http.StatusConflict {
		t.Errorf("a second one: %v", err)
	}
	leave <- true
	if err := <-first; err != nil {
		t.Errorf("the first one: %v", err)
	}
	go func() { <-inside; leave <- true }()
	if _, err := client.Import(t.Context(), "csv", strings.NewReader("x"), false, nil); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// A tool that is killed while it sends has imported nothing.
func TestUploadBrokenOff(t *testing.T) {
	t.Parallel()
	w, folder := imports(t, never(t))
	conn := w.dial(t)
	fmt.Fprintf(conn, "POST /v1/import/csv HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nuser,\r\n")
	for entries := 0; entries == 0; time.Sleep(time.Millisecond) {
		found, _ := os.ReadDir(folder)
		entries = len(found)
	}
	conn.Close()
	empty(t, folder)

	broken := errors.New("the stick was pulled out")
	_, err := NewClient(w.socket).Import(t.Context(), "csv", io.MultiReader(strings.NewReader("user"), &failing{broken}), false, nil)
	if !errors.Is(err, broken) || errors.Is(err, ErrNotReachable) {
		t.Errorf("a source that fails: %v", err)
	}
	empty(t, folder)
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// The import of a peer that has gone hears of it.
func TestImportWithoutPeer(t *testing.T) {
	t.Parallel()
	inside, ended := make(chan bool), make(chan error, 1)
	w, folder := imports(t, func(ctx context.Context, _ ImportSource, _ func(ImportProgress)) (access.ImportReport, error) {
		close(inside)
		<-ctx.Done()
		ended <- ctx.Err()
		return access.ImportReport{}, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-inside; cancel() }()
	if _, err := NewClient(w.socket).Import(ctx, "csv", strings.NewReader("x"), false, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
	empty(t, folder)
}

// Neither a slow source nor long work runs into the deadlines of a request; a
// source of which nothing comes does.
func TestImportTakesItsTime(t *testing.T) {
	t.Parallel()
	const read = 100 * time.Millisecond
	w, folder := imports(t, func(ctx context.Context, _ ImportSource, _ func(ImportProgress)) (access.ImportReport, error) {
		select {
		case <-time.After(5 * read):
		case <-ctx.Done():
		}
		return access.ImportReport{}, ctx.Err()
	}, Limits{Read: read, Write: 3 * read})
	client := NewClient(w.socket)
	slow, pipe := io.Pipe()
	go func() {
		for range 5 {
			time.Sleep(read)
			pipe.Write([]byte("x"))
		}
		pipe.Close()
	}()
	if _, err := client.Import(t.Context(), "csv", slow, false, nil); err != nil {
		t.Errorf("slow: %v", err)
	}
	conn := w.dial(t)
	fmt.Fprintf(conn, "POST /v1/import/csv HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx")
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 400") || !strings.Contains(string(answer), "whole") {
		t.Errorf("silent: %s", answer)
	}
	empty(t, folder)
}

// Nobody changes the own account, by an import neither.
func TestImportKnowsTheOwnAccount(t *testing.T) {
	t.Parallel()
	var own []string
	w, _ := imports(t, func(_ context.Context, source ImportSource, _ func(ImportProgress)) (access.ImportReport, error) {
		own = append(own, source.Own)
		return access.ImportReport{}, nil
	})
	for uid, want := range map[uint32]int{anna: http.StatusOK, 64399: http.StatusForbidden, 0: http.StatusOK} {
		if answer := w.ask(Peer{UID: uid, GID: adminGroup}, http.MethodPost, "/v1/import/csv", "x"); answer.Code != want {
			t.Errorf("%d: %d %s", uid, answer.Code, answer.Body)
		}
	}
	slices.Sort(own)
	if !slices.Equal(own, []string{"", "anna"}) {
		t.Errorf("%q", own)
	}
}

func TestReportIsBounded(t *testing.T) {
	t.Parallel()
	many := make([]access.ImportSkipped, MaxSkipped+5)
	for i := range many {
		many[i] = access.ImportSkipped{Place: "line 1000000", Name: strings.Repeat("\u2028", 256), Reason: strings.Repeat("<", 1000)}
	}
	w, _ := imports(t, func(context.Context, ImportSource, func(ImportProgress)) (access.ImportReport, error) {
		return access.ImportReport{Skipped: many}, nil
	})
	report, err := NewClient(w.socket).Import(t.Context(), "csv", strings.NewReader("x"), false, nil)
	if err != nil || report.Skipped != MaxSkipped+5 || len(report.Details) != MaxSkipped {
		t.Errorf("%d, %d, %v", report.Skipped, len(report.Details), err)
	}
}
