package admin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

func TestExport(t *testing.T) {
	t.Parallel()
	answer := error(nil)
	w := serve(t, func(s *Server) {
		s.Export = func(_ context.Context, actor store.Actor, user string, write func(ExportLine) error) error {
			if actor.UID != int64(os.Getuid()) {
				t.Errorf("by %+v", actor)
			}
			return errors.Join(write(ExportLine{User: user, Device: "phone", URI: "otpauth://a"}), write(ExportLine{User: user, Device: "token", Note: "n"}), answer)
		}
	})
	client := NewClient(w.socket)
	var got []ExportLine
	keep := func(line ExportLine) error { got = append(got, line); return nil }
	if err := client.Export(t.Context(), oddName, keep); err != nil || len(got) != 2 || got[0] != (ExportLine{User: oddName, Device: "phone", URI: "otpauth://a"}) {
		t.Errorf("%+v, %v", got, err)
	}
	full := errors.New("full")
	if err := client.Export(t.Context(), "", func(ExportLine) error { return full }); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	var refusal *RefusalError
	for kind, fault := range map[string]error{KindMissing: &access.Refusal{Kind: access.RefusedMissing, Text: "no user"}, KindFault: errors.New("disk")} {
		answer = fault
		if err := client.Export(t.Context(), "", keep); !errors.As(err, &refusal) || refusal.Kind != kind {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestBackup(t *testing.T) {
	t.Parallel()
	folder, database, answer := t.TempDir(), bytes.Repeat([]byte("database"), 1<<17), error(nil)
	w := serve(t, func(s *Server) {
		s.BackupFolder = folder
		s.Backup = func(_ context.Context, actor store.Actor, into string) error {
			if filepath.Dir(filepath.Dir(into)) != folder || actor.UID != int64(os.Getuid()) {
				t.Errorf("into %s by %+v", into, actor)
			}
			return errors.Join(os.WriteFile(into, database, 0o600), answer)
		}
	})
	client := NewClient(w.socket)
	var got bytes.Buffer
	done, total := int64(0), int64(0)
	if err := client.Backup(t.Context(), &got, func(d, all int64) { done, total = d, all }); err != nil || !bytes.Equal(got.Bytes(), database) || done != int64(len(database)) || total != done {
		t.Errorf("%d octets, %d of %d, %v", got.Len(), done, total, err)
	}
	empty(t, folder)
	full := errors.New("no space left on device")
	if err := client.Backup(t.Context(), writerFunc(func([]byte) (int, error) { return 0, full }), nil); !errors.Is(err, full) || errors.Is(err, ErrNotReachable) {
		t.Errorf("%v", err)
	}
	empty(t, folder)
	var refusal *RefusalError
	for kind, fault := range map[string]error{KindRule: &access.Refusal{Kind: access.RefusedRule, Text: "use pg_dump"}, KindFault: errors.New("disk")} {
		answer = fault
		if err := client.Backup(t.Context(), io.Discard, nil); !errors.As(err, &refusal) || refusal.Kind != kind {
			t.Errorf("%s: %v", kind, err)
		}
	}
	empty(t, folder)
}

// An answer that breaks off isn't taken for a whole one.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf a database",
		"HTTP/1.1 200 OK\r\n\r\nno length",
		"HTTP/1.1 200 OK\r\n\r\n{\"user\":\"alice\"}\n",
		"HTTP/1.1 200 OK\r\n\r\n{\"phase\":\"accounts\"}\n",
		"HTTP/1.1 200 OK\r\n\r\n",
		"",
	} {
		socket := filepath.Join(t.TempDir(), "s")
		listener, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				conn.Read(make([]byte, 4096))
				io.WriteString(conn, answer)
				conn.Close()
			}
		}()
		client := NewClient(socket)
		_, importErr := client.Import(t.Context(), "csv", strings.NewReader("x"), false, nil)
		for _, err := range []error{importErr, client.Export(t.Context(), "", func(ExportLine) error { return nil }), client.Backup(t.Context(), io.Discard, nil)} {
			if !errors.Is(err, ErrNotReachable) {
				t.Errorf("%q: %v", answer, err)
			}
		}
		listener.Close()
	}
}

// What a killed daemon has left goes; what another one uses stays, and so does
// what isn't ours.
func TestRemoveLeftovers(t *testing.T) {
	t.Parallel()
	inside := t.TempDir()
	used, remove, err := transferFolder(inside)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(inside, transferPrefix+"1")
	other := filepath.Join(inside, "other")
	for _, folder := range []string{left, other} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "secrets"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveLeftovers(inside); err != nil {
		t.Error(err)
	}
	for folder, want := range map[string]bool{used: true, left: false, other: true} {
		if _, err := os.Stat(folder); (err == nil) != want {
			t.Errorf("%s: %v", folder, err)
		}
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
	if err := RemoveLeftovers(filepath.Join(inside, "none")); err == nil {
		t.Error("a folder that isn't there can be cleaned")
	}
}
