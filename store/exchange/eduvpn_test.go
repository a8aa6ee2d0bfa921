package exchange

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Tables of eduVPN's releases, with those of no interest here as short as they
// may be.
const (
	versionTable = `CREATE TABLE version (current_version TEXT NOT NULL);`
	otherTables  = `CREATE TABLE certificates (common_name VARCHAR(255) UNIQUE NOT NULL, user_id VARCHAR(255) NOT NULL REFERENCES users (user_id) ON DELETE CASCADE);
		CREATE TABLE system_messages (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, message TINYTEXT NOT NULL);`
	server2 = versionTable + otherTables + `INSERT INTO version VALUES ('2022020801');
		CREATE TABLE users (user_id VARCHAR(255) NOT NULL PRIMARY KEY UNIQUE, session_expires_at DATETIME NOT NULL,
			permission_list TEXT NOT NULL, is_disabled BOOLEAN NOT NULL);
		CREATE TABLE otp (user_id VARCHAR(255) NOT NULL REFERENCES users (user_id) ON DELETE CASCADE, otp_secret VARCHAR(255) NOT NULL,
			otp_hash_algorithm VARCHAR(255) NOT NULL, otp_digits INTEGER NOT NULL, totp_period INTEGER NOT NULL);
		CREATE TABLE otp_log (user_id VARCHAR(255) NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
			otp_key VARCHAR(255) NOT NULL, date_time DATETIME NOT NULL, UNIQUE (user_id, otp_key));`
	server1 = otherTables + `CREATE TABLE users (user_id VARCHAR(255) NOT NULL PRIMARY KEY UNIQUE, voot_token TEXT DEFAULT NULL,
			totp_secret VARCHAR(255) DEFAULT NULL, yubi_key_id VARCHAR(255) DEFAULT NULL, date_time DATETIME NOT NULL, is_disabled BOOLEAN DEFAULT 0 NOT NULL);
		CREATE TABLE totp_log (totp_key VARCHAR(255) NOT NULL, date_time DATETIME NOT NULL, user_id VARCHAR(255) NOT NULL, UNIQUE (user_id, totp_key));`
	portal2 = `CREATE TABLE users (user_id VARCHAR(255) NOT NULL, password_hash VARCHAR(255) NOT NULL, created_at VARCHAR(255) NOT NULL, UNIQUE (user_id));`
	portal3 = versionTable + `INSERT INTO version VALUES ('2023011801');
		CREATE TABLE users (user_id VARCHAR(255) NOT NULL PRIMARY KEY, last_seen VARCHAR(255) NOT NULL, permission_list TEXT NOT NULL,
			auth_data TEXT DEFAULT NULL, is_disabled BOOLEAN NOT NULL);
		CREATE TABLE local_users (user_id VARCHAR(255) NOT NULL PRIMARY KEY, password_hash VARCHAR(255) NOT NULL, created_at VARCHAR(255) NOT NULL, UNIQUE (user_id));`
)

const (
	secretA = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	secretB = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	bcryptA = "$2y$05$RX5MvVQ6UtOPli3pOiJun.pg5Xmu0nM8VLn/tv2QPh8cpuBDtK/Ua"
	argonA  = "$argon2id$v=19$m=1024,t=2,p=1$UjNrTHlPbVB1aWdzM2FMQw$wTIoABysrjWzjgn72ueYaAcVFB1xg6RcgFs7/XP7exo"
)

// database makes a database in a folder of its own.
func database(t testing.TB, statements ...string) (folder, name string) {
	t.Helper()
	folder, name = t.TempDir(), "db.sqlite"
	db, err := sql.Open("sqlite", filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	execute(t, db, statements...)
	return folder, name
}

func execute(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// user2 are the statements for a user of a 2.x server.
func user2(name string, disabled int, secrets ...string) []string {
	name = strings.ReplaceAll(name, "'", "''")
	statements := []string{fmt.Sprintf("INSERT INTO users VALUES ('%s', '2026-01-01T00:00:00+00:00', '[]', %d)", name, disabled)}
	for _, secret := range secrets {
		statements = append(statements, fmt.Sprintf("INSERT INTO otp VALUES ('%s', '%s', 'sha1', 6, 30)", name, secret))
	}
	return statements
}

func readDatabase(t testing.TB, folder, name string) Batch {
	t.Helper()
	batch, err := EduVPN(t.Context(), folder, name)
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

// readNew makes a database and reads it.
func readNew(t testing.TB, statements ...string) Batch {
	t.Helper()
	folder, name := database(t, statements...)
	return readDatabase(t, folder, name)
}

func TestEduVPN2(t *testing.T) {
	t.Parallel()
	odd := []string{"alice", "Alice", "a:b/c!d@example.org", "urn:mace:x!y!ü'", strings.Repeat("ü", 256)}
	statements := []string{server2}
	for _, name := range odd {
		statements = append(statements, user2(name, 0, secretA)...)
	}
	statements = append(statements, user2("disabled", 1, secretB, secretA)...)
	statements = append(statements, user2("plain", 0)...)
	statements = append(statements, user2(strings.Repeat("x", 257), 0, secretA)...)
	statements = append(statements, user2("short", 0, "GEZDGNBVGY3TQOJ", secretA)...)
	statements = append(statements, user2("sixteen", 0, "gezdgnbvgy3tqojq")...)
	statements = append(statements, user2("letters", 0, "GEZDGNBVGY3TQOJ0GEZDGNBVGY3TQOJ8")...)
	statements = append(statements, "INSERT INTO otp VALUES ('ghost', '"+secretA+"', 'sha256', 8, 60)",
		"INSERT INTO otp VALUES ('md5', '"+secretA+"', 'md5', 6, 30)", "INSERT INTO otp VALUES ('digits', '"+secretA+"', 'sha1', 'six', 30)")
	batch := readNew(t, statements...)

	wantNames(t, batch, append(odd, "disabled", "plain", "short", "sixteen", "letters", "ghost")...)
	wantSkipped(t, batch,
		"users row 8: the user name has more than 256 characters",
		"otp row 7: a second secret of the user; the server uses that of otp row 6",
		"otp row 8: the user name has more than 256 characters",
		"otp row 9: "+faultSecret,
		"otp row 10: a second secret of the user; the server uses that of otp row 9",
		"otp row 12: "+faultLetters,
		"otp row 14: "+faultAlgorithm,
		"otp row 15: "+faultDigits)
	disabled := find(t, batch, "disabled")
	if !disabled.Disabled || len(disabled.Devices) != 1 || encode(disabled.Devices[0].Secret) != secretB {
		t.Errorf("not the first secret of a disabled user: %+v", disabled)
	}
	ghost := find(t, batch, "ghost").Devices[0]
	if ghost.Algorithm != "SHA256" || ghost.Digits != 8 || ghost.Period != 60 || ghost.Place != "otp row 13" || ghost.LastStep != 0 {
		t.Errorf("%+v", ghost)
	}
	if alice := find(t, batch, "alice"); alice.Disabled || alice.Place != "users row 1" || alice.PasswordHash != "" {
		t.Errorf("%+v", alice)
	}
}

// A code that was used on the server minutes ago counts nowhere else: the newest
// entry of the log is burnt with the step that the code may have been early.
func TestEduVPNUsedCodes(t *testing.T) {
	t.Parallel()
	statements := append([]string{server2}, user2("alice", 0, secretA)...)
	statements = append(statements, user2("bob", 0, secretA)...)
	statements = append(statements, user2("carol", 0, secretA)...)
	statements = append(statements, `INSERT INTO otp_log VALUES ('alice', '111111', '2017-12-31T23:58:00+00:00'), ('alice', '628637', '2018-01-01T01:00:00+01:00'),
		('alice', '222222', '2017-12-31T23:59:00+00:00'), ('bob', '333333', '2018-01-01 00:00:00'), ('carol', '444444', 'yesterday')`)
	batch := readNew(t, statements...)
	if last := find(t, batch, "alice").Devices[0].LastStep; last != 1514764800/30+1 {
		t.Errorf("step %d", last)
	}
	if last := find(t, batch, "bob").Devices[0].LastStep; last != 0 {
		t.Errorf("a time without a zone is taken for step %d", last)
	}
	wantSkipped(t, batch, "otp_log row 5: the time of a used code can't be read: that code may be accepted once more")
}

func TestEduVPN1(t *testing.T) {
	t.Parallel()
	batch := readNew(t, server1, `INSERT INTO users (user_id, totp_secret, yubi_key_id, date_time, is_disabled) VALUES
		('alice', 'GEZDGNBVGY3TQOJQ', NULL, '2017-01-01 00:00:00', 0), ('bob', NULL, 'ccccccbcgujh', '2017-01-01 00:00:00', 1),
		('carol', 'short', NULL, '2017-01-01 00:00:00', 0)`)
	wantNames(t, batch, "alice", "bob", "carol")
	wantSkipped(t, batch, "users row 2: the YubiKey is left out: only TOTP devices are taken over",
		"users row 3: "+faultSecret)
	alice := find(t, batch, "alice").Devices[0]
	if len(alice.Secret) != 10 || alice.Algorithm != "SHA1" || alice.Digits != 6 || alice.Period != 30 || alice.Place != "users row 1" {
		t.Errorf("%+v", alice)
	}
	if !find(t, batch, "bob").Disabled {
		t.Error("bob isn't disabled any more")
	}
}

func TestEduVPNPortal(t *testing.T) {
	t.Parallel()
	for name, tables := range map[string]string{"2.x": portal2 + `INSERT INTO users VALUES `, "3.x": portal3 +
		`INSERT INTO users VALUES ('alice', '', '[]', NULL, 0), ('bob', '', '[]', NULL, 1); INSERT INTO local_users VALUES `} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batch := readNew(t, tables+`('alice', '`+bcryptA+`', '2026-01-01T00:00:00+00:00'), ('bob', '`+argonA+`', ''), ('carol', '$1$salt$md5', '')`)
			wantNames(t, batch, "alice", "bob", "carol")
			if alice, bob := find(t, batch, "alice"), find(t, batch, "bob"); alice.PasswordHash != bcryptA || bob.PasswordHash != argonA || bob.Disabled != (name == "3.x") {
				t.Errorf("%+v %+v", alice, bob)
			}
			if len(batch.Skipped) != 1 || batch.Skipped[0].Reason != faultHash || batch.Skipped[0].Name != "carol" {
				t.Errorf("%+v", batch.Skipped)
			}
		})
	}
}

func contextDone(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestEduVPNStops(t *testing.T) {
	t.Parallel()
	folder, name := database(t, server2)
	if _, err := EduVPN(contextDone(t), folder, name); err == nil {
		t.Error("goes on when nobody waits for it")
	}
}

// What is only in the -wal yet is read too, and neither file is changed.
func TestEduVPNWAL(t *testing.T) {
	t.Parallel()
	source, name := database(t, server2)
	db, err := sql.Open("sqlite", filepath.Join(source, name))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	execute(t, db, "PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0")
	execute(t, db, user2("alice", 0, secretA)...)
	folder, before := t.TempDir(), make(map[string][]byte)
	for _, file := range []string{name, name + "-wal"} {
		octets, err := os.ReadFile(filepath.Join(source, file))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, file), octets, 0o400)
		}
		if err != nil {
			t.Fatal(err)
		}
		before[file] = octets
	}
	wantNames(t, readDatabase(t, folder, name), "alice")
	for file, octets := range before {
		after, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil || !slices.Equal(after, octets) {
			t.Errorf("%s was changed: %v", file, err)
		}
	}
	if err := os.Remove(filepath.Join(folder, name+"-wal")); err != nil {
		t.Fatal(err)
	}
	wantNames(t, readDatabase(t, folder, name)) // it really was in the -wal only
}
