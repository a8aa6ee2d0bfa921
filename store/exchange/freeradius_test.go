package exchange

import (
	"fmt"
	"strings"
	"testing"
)

func radiusText(text string) (Batch, error)   { return FreeRADIUS(strings.NewReader(text)) }
func radcheckText(text string) (Batch, error) { return Radcheck(strings.NewReader(text)) }

func TestFreeRADIUS(t *testing.T) {
	t.Parallel()
	batch := readText(t, radiusText, `# a comment
alice	TOTP-Secret := "`+secretA+`", Crypt-Password := '`+bcryptA+`'   # behind it
	Reply-Message := "Hello, %{User-Name}, TOTP-Secret := `+secretB+`",
	# within
	Session-Timeout = 3600

"bob \"b\" \\ smith"	&totp-secret = `+secretA+`, TOTP-Secret += `+secretB+`, Auth-Type := TOTP
lameuser Auth-Type := Reject
	Reply-Message = "Your account has been disabled."
carol	TOTP-Secret := "`+secretA+`",
	Cleartext-Password := "hello, \"world\"",
	NT-Password := 0x0123,
	Simultaneous-Use := 1
dave	TOTP-Key := 0x3132333435363738393031323334353637383930
erin@example.org Crypt-Password == "`+argonA+`"
alice	TOTP-Secret := "`+secretB+`"
DEFAULT	Framed-Protocol == PPP
	Framed-Protocol = PPP
$INCLUDE users.other
frank
`)
	wantNames(t, batch, "alice", `bob "b" \ smith`, "lameuser", "carol", "dave", "erin@example.org", "frank")
	wantSkipped(t, batch,
		"line 10: Cleartext-Password is left out: only hashes of bcrypt and Argon2id are taken over",
		"line 10: NT-Password is left out: only hashes of bcrypt and Argon2id are taken over",
		"line 10: 1 other check items are left out",
		"line 16: a later entry of the same user; the one in line 2 counts",
		"line 17: an entry for everybody and not of a user",
		"line 19: another file is included there: import it by itself")
	alice, bob, dave := batch.Accounts[0], batch.Accounts[1], find(t, batch, "dave")
	if len(alice.Devices) != 1 || encode(alice.Devices[0].Secret) != secretA || alice.PasswordHash != bcryptA || alice.Disabled {
		t.Errorf("%+v", alice)
	}
	if len(bob.Devices) != 2 || encode(bob.Devices[1].Secret) != secretB || bob.Devices[1].Place != "line 7" {
		t.Errorf("%+v", bob)
	}
	if len(dave.Devices) != 1 || encode(dave.Devices[0].Secret) != secretA {
		t.Errorf("%+v", dave)
	}
	if !batch.Accounts[2].Disabled || find(t, batch, "erin@example.org").PasswordHash != argonA {
		t.Errorf("%+v", batch.Accounts)
	}
}

// What can't be read, or holds only sometimes, is no account.
func TestFreeRADIUSSkips(t *testing.T) {
	t.Parallel()
	good := "TOTP-Secret := " + secretA
	for name, test := range map[string]struct{ line, reason string }{
		"a condition":          {"alice NAS-IP-Address == 192.0.2.1, " + good, "the entry holds only under a condition"},
		"disabled sometimes":   {"alice Huntgroup-Name != \"vpn\", Auth-Type := Reject", "the entry holds only under a condition"},
		"a compared secret":    {"alice TOTP-Secret == " + secretA, "the entry holds only under a condition"},
		"no operator":          {"alice TOTP-Secret " + secretA, faultItems},
		"no value":             {"alice TOTP-Secret :=", faultItems},
		"no comma":             {"alice " + good + " Auth-Type := TOTP", faultItems},
		"an open quote":        {"alice TOTP-Secret := \"" + secretA, faultItems},
		"an escaped quote":     {`alice TOTP-Secret := "` + secretA + `\"`, faultItems},
		"an open list":         {"alice " + good + ",", faultItems},
		"an open name":         {`"alice ` + good, "the user name can't be read"},
		"an empty name":        {`"" ` + good, "no user name"},
		"only a secret":        {"alice " + secretA, faultItems},
		"too many":             {"alice a := 1" + strings.Repeat(", a := 1", maxItems), faultItems},
		"a name with a return": {`"a\rb" ` + good, "the user name has control characters"},
		"a name with an octal": {`"a\033b" ` + good, "the user name has control characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batch := readText(t, radiusText, test.line+"\n")
			wantNames(t, batch)
			wantSkipped(t, batch, "line 1: "+test.reason)
		})
	}
	for name, test := range map[string]struct{ items, reason string }{
		"letters":          {"TOTP-Secret := GEZDGNBVGY3TQ0JQ", faultLetters},
		"short":            {"TOTP-Secret := GEZDGNBVGY3TQ", faultSecret},
		"octets as text":   {"TOTP-Key := \"12345678901234567890\"", faultHex},
		"half an octet":    {"TOTP-Key := 0x313233343536373839303", faultHex},
		"MD5":              {"Crypt-Password := \"$1$salt$hash\"", faultHash},
		"a broken bcrypt":  {"Crypt-Password := \"$2x$05$" + strings.Repeat("x", 53) + "\"", faultHash},
		"a costly bcrypt":  {"Crypt-Password := \"$2y$16$" + strings.Repeat("x", 53) + "\"", faultHash},
		"only in clear":    {"Cleartext-Password == hello", "Cleartext-Password is left out: only hashes of bcrypt and Argon2id are taken over"},
		"something to end": {"Expiration := \"1 Jan 2030\"", "1 other check items are left out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batch := readText(t, radiusText, "alice "+test.items+"\n")
			wantNames(t, batch, "alice")
			wantSkipped(t, batch, "line 1: "+test.reason)
			if alice := batch.Accounts[0]; alice.Devices != nil || alice.PasswordHash != "" || alice.Disabled {
				t.Errorf("%+v", alice)
			}
		})
	}
}

// After an entry that can't be read comes one that can.
func TestFreeRADIUSGoesOn(t *testing.T) {
	t.Parallel()
	good := " TOTP-Secret := " + secretA
	for _, bad := range []string{"alice " + good + ",\n", "alice " + good + ",\n\tAuth-Type\n", "alice x\n\treply = 1,\n\n", "DEFAULT a := 1,\n\tb := 2\n"} {
		batch := readText(t, radiusText, bad+"bob"+good+"\n")
		wantNames(t, batch, "bob")
		if len(batch.Skipped) != 1 {
			t.Errorf("%q: %+v", bad, batch.Skipped)
		}
	}
}

func TestRadcheck(t *testing.T) {
	t.Parallel()
	batch := readText(t, radcheckText, "id,UserName,attribute,op,value\n"+
		"1,alice,TOTP-Secret,:=,"+secretA+"\n2,bob,Cleartext-Password,:=,\"pass\"\"word\"\n3,alice,Crypt-Password,:=,"+bcryptA+"\n"+
		"4,carol,TOTP-Secret,:=,"+secretA+"\n5,carol,NAS-IP-Address,==,192.0.2.1\n6,dave,Auth-Type,:=,Reject\n7,,TOTP-Secret,:=,"+secretA+"\n"+
		"8,erin,TOTP-Secret,:=,"+secretA+"\n9,erin,TOTP-Secret,:=,"+secretA+"\n")
	wantNames(t, batch, "alice", "bob", "dave", "erin")
	wantSkipped(t, batch, "line 3: Cleartext-Password is left out: only hashes of bcrypt and Argon2id are taken over",
		"line 5: the entry holds only under a condition", "line 8: no user name", "line 10: the same secret as in line 9")
	alice := batch.Accounts[0]
	if alice.PasswordHash != bcryptA || len(alice.Devices) != 1 || alice.Devices[0].Place != "line 2" || !find(t, batch, "dave").Disabled {
		t.Errorf("%+v", batch.Accounts)
	}
	rows := "username,attribute,op,value\n"
	for number := range maxItems + 1 {
		rows += fmt.Sprintf("alice,attribute%d,:=,x\n", number)
	}
	batch = readText(t, radcheckText, rows)
	wantSkipped(t, batch, fmt.Sprintf("line %d: the user has more than %d check items", maxItems+2, maxItems), fmt.Sprintf("line 2: %d other check items are left out", maxItems))
	for _, text := range []string{"", "1,alice,TOTP-Secret,:=," + secretA + "\n", "username,attribute,value\n", "username,attribute,op,value\nalice,TOTP-Secret,:=\n"} {
		if batch, err := radcheckText(text); err == nil || strings.Contains(err.Error(), secretA) || batch.Accounts != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
