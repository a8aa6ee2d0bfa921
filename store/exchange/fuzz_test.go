package exchange

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// checkBatch checks what every reading promises: no error with half a batch,
// every account and device within its bounds, and a place and a reason for each
// thing skipped.
func checkBatch(t *testing.T, batch Batch, err error) {
	t.Helper()
	if err != nil && (batch.Accounts != nil || batch.Skipped != nil) {
		t.Fatalf("an error with half a batch: %v", err)
	}
	names := make(map[string]bool)
	for _, account := range batch.Accounts {
		if nameFault(account.Name) != "" || names[account.Name] || account.Place == "" || len(account.Devices) > maxDevices ||
			account.PasswordHash != "" && !hashUsable(account.PasswordHash) || account.PasswordHash != "" && account.Password != nil {
			t.Fatalf("%+v", account)
		}
		names[account.Name] = true
		for i, d := range account.Devices {
			if d.fault() != "" || d.Place == "" || d.LastStep < 0 || besidesFault(account.Devices[:i], d) != "" {
				t.Fatalf("%+v", d)
			}
		}
	}
	for _, s := range batch.Skipped {
		if s.Place == "" || s.Reason == "" || !utf8.ValidString(s.Name) || strings.ContainsAny(s.Name, "\x00\x1b\r\n") || len(s.Name) > 4*(shownName+1) {
			t.Fatalf("%+v", s)
		}
	}
}

func fuzz(f *testing.F, read func(text string) (Batch, error), seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		batch, err := read(text)
		checkBatch(t, batch, err)
	})
}

func FuzzCSV(f *testing.F) {
	fuzz(f, csvText, "user,secret\na,"+secretA, "user,secret,label,password,algorithm,digits,period\n\"a\",,,p,SHA1,6,30\n", "\ufeffsecret,user\r\n")
}

func FuzzFreeRADIUS(f *testing.F) {
	fuzz(f, radiusText, "a TOTP-Secret := \""+secretA+"\", Auth-Type := Reject\n\tx = y\n", "\"a\\\"\\033\" x := 'y',\n z == 1 # c\n", "$INCLUDE x\nDEFAULT\n")
}

func FuzzRadcheck(f *testing.F) {
	fuzz(f, radcheckText, "username,attribute,op,value\na,TOTP-Secret,:=,"+secretA+"\na,Crypt-Password,:=,"+bcryptA)
}

func FuzzOATH(f *testing.F) {
	fuzz(f, oathText, "HOTP/T30/6 a - "+hexA, "#\nHOTP/E a + 00 1 123456 2026-01-01T10:00:00L")
}

func FuzzURIs(f *testing.F) {
	fuzz(f, uriText, "otpauth://totp/x:a?secret="+secretA+"&issuer=x&algorithm=SHA256&digits=8&period=60", "otpauth://hotp/a%3Ab?counter=1")
}

func FuzzMigration(f *testing.F) {
	fuzz(f, migrationText, migrationURI(payload(2, 1, 7, migrated("x:a", octetsA, 1, 1, 2), migrated("b", octetsB, 4, 2, 1))))
	f.Add("otpauth-migration://offline?data=CA==")
}

// The octets of a payload, past what the URI around them would stop.
func FuzzMigrationPayload(f *testing.F) {
	f.Add(payload(1, 0, 1, migrated("a", octetsA, 1, 1, 2)))
	f.Add([]byte("\x0a\x02\x0a\x00\x3b\x3c"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		batch, err := migrationText(migrationURI(octets))
		checkBatch(t, batch, err)
	})
}

// The text of one file; the tar around it is the library's.
func FuzzGoogleAuthenticator(f *testing.F) {
	f.Add(secretA + "\n\" TOTP_AUTH\n\" DISALLOW_REUSE 1 2\n12345678\n")
	f.Add("\" HOTP_COUNTER 1\n\" STEP_SIZE 60\n\" TIME_SKEW 1")
	f.Fuzz(func(t *testing.T, text string) {
		c := newCollector()
		readGoogle(c, "file 1", "alice", text)
		batch, err := c.finish(nil)
		checkBatch(t, batch, err)
	})
}
