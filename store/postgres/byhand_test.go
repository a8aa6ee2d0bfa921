package postgres

import (
	"strings"
	"testing"
	"time"

	"vpn-otpd/store"
	"vpn-otpd/store/storetest"
)

func openNode(t testing.TB, url, node string) *store.Store {
	t.Helper()
	s, err := Open(t.Context(), url, store.Keys{storetest.Key(1)}, store.Options{Node: node})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// The reset of eduVPN 2.x, typed into the stock tool.
func TestResetByHand(t *testing.T) {
	t.Parallel()
	server := server(t)
	url := server.Database(t)
	s := openNode(t, url, "node1")
	storetest.Full(t, s, "foo")
	storetest.Full(t, s, "bar")
	before, _, err := s.Account(t.Context(), "foo")
	if err != nil {
		t.Fatal(err)
	}
	server.SQL(t, url, `DELETE FROM otp WHERE user_id='foo'`)
	foo, _, err := s.FullAccount(t.Context(), "foo")
	if err != nil || len(foo.Devices) != 0 || foo.RecoveryCodes != 0 || foo.TemporaryCodes != 0 || storetest.UnderWay(t, s, "foo") != 0 ||
		foo.Lock.Level != 0 || !foo.Lock.Until.IsZero() || foo.Lock.Field != nil {
		t.Errorf("left %+v, %v", foo, err)
	}
	if foo.Epoch != before.Epoch+1 || time.Since(foo.ResetByHandAt).Abs() > time.Minute || !foo.ResetAt.Equal(foo.ResetByHandAt) || !foo.EverEnrolled {
		t.Errorf("epoch %d after %d, reset by hand at %v", foo.Epoch, before.Epoch, foo.ResetByHandAt)
	}
	bar, _, err := s.FullAccount(t.Context(), "bar")
	if err != nil || len(bar.Devices) != 2 || bar.RecoveryCodes != 1 || bar.TemporaryCodes != 1 || storetest.UnderWay(t, s, "bar") != 2 ||
		bar.Lock.Level != 1 || !bar.ResetByHandAt.IsZero() {
		t.Errorf("bar has %+v, %v", bar, err)
	}
}

func TestViewIsReadOnlyButForDelete(t *testing.T) {
	t.Parallel()
	server := server(t)
	url := server.Database(t)
	storetest.Full(t, openNode(t, url, "node1"), "foo")
	if got, want := server.SQL(t, url, `SELECT * FROM otp`), "foo|(sealed)|sha1|6|30\nfoo|(sealed)|sha1|6|30"; got != want {
		t.Errorf("otp shows %q", got)
	}
	for _, statement := range []string{
		`INSERT INTO otp VALUES ('foo', 'GEZDGNBVGY3TQOJQ', 'sha1', 6, 30)`,
		`UPDATE otp SET otp_secret = 'GEZDGNBVGY3TQOJQ' WHERE user_id = 'foo'`,
	} {
		if output, err := server.TrySQL(url, statement); err == nil || !strings.Contains(output, "otp is a view") {
			t.Errorf("%s: %q, %v", statement, output, err)
		}
	}
}

// A user deleted in the tool leaves nothing behind, but the last step of each device.
func TestUserDeletedByHand(t *testing.T) {
	t.Parallel()
	server := server(t)
	url := server.Database(t)
	s := openNode(t, url, "node1")
	storetest.Full(t, s, "foo")
	server.SQL(t, url, `UPDATE devices SET last_step = 7 WHERE label = 'phone'`)
	server.SQL(t, url, `DELETE FROM users WHERE name='foo'`)
	if err := addUser(s, "foo"); err != nil {
		t.Fatal(err)
	}
	foo, _, err := s.FullAccount(t.Context(), "foo")
	if err != nil || len(foo.Devices) != 0 || foo.RecoveryCodes != 0 || foo.TemporaryCodes != 0 || storetest.UnderWay(t, s, "foo") != 0 {
		t.Errorf("left %+v, %v", foo, err)
	}
	if got := server.SQL(t, url, `SELECT last_step FROM retired_secrets`); got != "7" {
		t.Errorf("last steps kept: %q", got)
	}
}

// A schema of a newer program is refused, and so is one that never was.
func TestSchemaVersion(t *testing.T) {
	t.Parallel()
	server := server(t)
	url := server.Database(t)
	openNode(t, url, "node1").Close()
	for version, words := range map[string]string{"99": "newer", "1": "ever had", "x": "not a number"} {
		server.SQL(t, url, `UPDATE meta SET value = '`+version+`' WHERE name IN ('schema', 'schema_least')`)
		if _, err := Open(t.Context(), url, store.Keys{storetest.Key(1)}, store.Options{}); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("version %s: %v", version, err)
		}
	}
}

// What durability and patience depend on is really set, whatever the database says.
func TestConnectionSettings(t *testing.T) {
	t.Parallel()
	server := server(t)
	url := server.Database(t)
	server.SQL(t, url, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database());
		EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$`)
	s := openNode(t, url, "node1")
	if err := s.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	config, err := parse(url)
	if err != nil {
		t.Fatal(err)
	}
	for setting, want := range map[string]string{"synchronous_commit": "on", "statement_timeout": "2s", "lock_timeout": "1500ms", "idle_in_transaction_session_timeout": "5s"} {
		if got := settingOf(t, config, prepareWriting, setting); got != want {
			t.Errorf("%s is %s, want %s", setting, got, want)
		}
	}
	if got := settingOf(t, config, prepareReading, "default_transaction_read_only"); got != "on" {
		t.Error("a connection that reads may write")
	}
}
