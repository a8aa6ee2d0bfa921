package sqlite

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vpn-otpd/store/storetest"
)

// program finds the stock sqlite3 tool.
func program(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("sqlite3 is missing: install sqlite3")
		}
		t.Skip("sqlite3 is missing: install sqlite3")
	}
	return program
}

// shell runs a statement in it, as an administrator does by hand.
func shell(t *testing.T, path, statement string) (string, error) {
	t.Helper()
	output, err := exec.Command(program(t), "-cmd", ".timeout 5000", path, statement).CombinedOutput()
	return string(output), err
}

// The reset of eduVPN 2.x, typed into the stock tool: with the store open and
// with the store closed.
func TestResetByHand(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "store.sqlite")
		s := open(t, path)
		storetest.Full(t, s, "foo")
		storetest.Full(t, s, "bar")
		before, _, err := s.Account(t.Context(), "foo")
		if err != nil {
			t.Fatal(err)
		}
		if closed {
			s.Close()
		}
		if output, err := shell(t, path, `DELETE FROM otp WHERE user_id='foo'`); err != nil || output != "" {
			t.Fatalf("%s%v", output, err)
		}
		if closed {
			s = open(t, path)
		}
		foo, _, err := s.FullAccount(t.Context(), "foo")
		if err != nil {
			t.Fatal(err)
		}
		if len(foo.Devices) != 0 || foo.RecoveryCodes != 0 || foo.TemporaryCodes != 0 || storetest.UnderWay(t, s, "foo") != 0 || foo.Lock.Level != 0 || !foo.Lock.Until.IsZero() {
			t.Errorf("closed %v: left %+v", closed, foo)
		}
		if foo.Epoch <= before.Epoch || time.Since(foo.ResetByHandAt).Abs() > time.Minute || !foo.ResetAt.Equal(foo.ResetByHandAt) || !foo.EverEnrolled {
			t.Errorf("closed %v: epoch %d after %d, reset by hand at %v", closed, foo.Epoch, before.Epoch, foo.ResetByHandAt)
		}
		bar, _, err := s.FullAccount(t.Context(), "bar")
		if err != nil || len(bar.Devices) != 2 || bar.RecoveryCodes != 1 || bar.TemporaryCodes != 1 || storetest.UnderWay(t, s, "bar") != 2 || bar.Lock.Level != 1 || !bar.ResetByHandAt.IsZero() {
			t.Errorf("closed %v: bar has %+v, %v", closed, bar, err)
		}
	}
}

func TestViewIsReadOnlyButForDelete(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.sqlite")
	s := open(t, path)
	storetest.Full(t, s, "foo")
	output, err := shell(t, path, `SELECT * FROM otp`)
	if want := "foo|(sealed)|sha1|6|30\nfoo|(sealed)|sha1|6|30\n"; err != nil || output != want {
		t.Errorf("otp shows %q, %v", output, err)
	}
	for _, statement := range []string{
		`INSERT INTO otp VALUES ('foo', 'GEZDGNBVGY3TQOJQ', 'sha1', 6, 30)`,
		`UPDATE otp SET otp_secret = 'GEZDGNBVGY3TQOJQ' WHERE user_id = 'foo'`,
	} {
		if output, err := shell(t, path, statement); err == nil || !strings.Contains(output, "otp is a view") {
			t.Errorf("%s: %q, %v", statement, output, err)
		}
	}
}

// A user deleted in the tool, which has foreign keys off, leaves nothing behind.
func TestUserDeletedByHand(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.sqlite")
	s := open(t, path)
	storetest.Full(t, s, "foo")
	if output, err := shell(t, path, `DELETE FROM users WHERE name='foo'`); err != nil {
		t.Fatalf("%s%v", output, err)
	}
	if err := addUser(s, "foo"); err != nil {
		t.Fatal(err)
	}
	foo, _, err := s.FullAccount(t.Context(), "foo")
	if err != nil || len(foo.Devices) != 0 || foo.RecoveryCodes != 0 || foo.TemporaryCodes != 0 || storetest.UnderWay(t, s, "foo") != 0 {
		t.Errorf("left %+v, %v", foo, err)
	}
}

// Somebody who holds the file in a transaction costs errors after two seconds,
// and nothing once it is over.
func TestLockedByShell(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.sqlite")
	s := open(t, path)
	holder := exec.Command(program(t), "-batch", path)
	input, inErr := holder.StdinPipe()
	output, outErr := holder.StdoutPipe()
	if err := errors.Join(inErr, outErr, holder.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { holder.Process.Kill(); holder.Wait() })
	answers := bufio.NewScanner(output)
	enter := func(statement, answer string) {
		t.Helper()
		fmt.Fprintf(input, "%s; SELECT '%s';\n", statement, answer)
		if !answers.Scan() || answers.Text() != answer {
			t.Fatalf("%s: %q, %v", statement, answers.Text(), answers.Err())
		}
	}
	enter("BEGIN IMMEDIATE", "held")
	began := time.Now()
	err := addUser(s, "alice")
	if waited := time.Since(began); err == nil || waited < 1500*time.Millisecond || waited > 10*time.Second {
		t.Errorf("while it was held: %v after %v", err, waited)
	}
	if err := s.Probe(t.Context()); err == nil {
		t.Error("a probe while it was held")
	}
	if _, found, err := s.Account(t.Context(), "alice"); found || err != nil {
		t.Errorf("reading while it is held: %v, %v", found, err)
	}
	enter("ROLLBACK", "free")
	if err := errors.Join(s.Probe(t.Context()), addUser(s, "alice")); err != nil {
		t.Errorf("after it: %v", err)
	}
}
