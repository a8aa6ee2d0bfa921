package access_test

import (
	"strings"
	"testing"

	"vpn-otpd/radiusd/access"
)

func TestCanonicalize(t *testing.T) {
	t.Parallel()
	keep, strip := access.Names{Realm: access.RealmKeep}, access.Names{Realm: access.RealmStrip}
	for _, test := range []struct {
		names       access.Names
		typed, want string // "": refused
	}{
		{keep, "alice", "alice"},
		{keep, "Alice", "alice"},
		{keep, " alice ", "alice"},
		{keep, "FOO", "foo"},
		{keep, "MU\u0308LLER", "müller"},
		{keep, "MÜLLER", "müller"},
		{keep, "Straße", "strasse"},
		{keep, "Σίσυφος", "σίσυφοσ"},
		{keep, "K\u212A", "kk"}, // the sign for kelvin
		{keep, "Alice@Example.ORG", "alice@example.org"},
		{keep, `DOM\alice`, `dom\alice`},
		{keep, "https://idp!https://sp!a:b", "https://idp!https://sp!a:b"},
		{keep, strings.Repeat("x", 256), strings.Repeat("x", 256)},
		{strip, "Alice@example.org", "alice"},
		{strip, `DOM\alice`, "alice"},
		{strip, `DOM\alice@example.org`, "alice"},
		{strip, `\\alice`, "alice"},
		{strip, "@example.org", ""},
		{strip, `\\`, ""},
		{strip, `DOM\`, ""},
		{keep, "", ""},
		{keep, "  ", ""},
		{keep, strings.Repeat("x", 257), ""},
		{keep, "a\x00", ""},
		{keep, "a\nb", ""},
		{keep, "a\u200bb", ""}, // zero width space
		{keep, "a\u202eb", ""}, // right-to-left override
		{keep, "a\xff", ""},
		{keep, "a\ufffd", ""},
		{keep, "a\u2028b", ""},
	} {
		got, err := test.names.Canonicalize(test.typed)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%s %q: got %q, %v, want %q", test.names.Realm, test.typed, got, err, test.want)
		}
	}
}

// Two spellings are one user with one second factor.
func TestSpellingsAreOneUser(t *testing.T) {
	t.Parallel()
	w := enforced(t)
	code := w.code(0)
	w.want(w.ask(codeOnly(), "ALICE", code), access.Accept, access.TOTPAccepted)
	w.want(w.ask(codeOnly(), " Alice", code), access.Reject, access.CodeUsed)
	_, err := w.accounts.AddUser(t.Context(), admin, "Alice", nil)
	w.wantRefusal(err, access.RefusedExists, "alice")
}

func FuzzCanonicalize(f *testing.F) {
	for _, name := range []string{"alice", "MÜLLER", "ẞ", "ᾳͅ", "İ", "ǰ", "a@b", `a\b@c\d`, "\u0345\u0345"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		for _, names := range []access.Names{{Realm: access.RealmKeep}, {Realm: access.RealmStrip}} {
			once, err := names.Canonicalize(typed)
			if err != nil {
				continue
			}
			if twice, err := names.Canonicalize(once); err != nil || twice != once {
				t.Errorf("%q becomes %q, which becomes %q (%v)", typed, once, twice, err)
			}
		}
	})
}
