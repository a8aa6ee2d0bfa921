package notice

import (
	"strings"
	"testing"
)

func TestRecipient(t *testing.T) {
	t.Parallel()
	const at = "{user}@example.org"
	for _, test := range []struct{ template, user, want string }{
		{at, "alice", "alice@example.org"},
		{at, "alice.b+vpn", "alice.b+vpn@example.org"},
		{at, "müller", "müller@example.org"},
		{"vpn-{user}@example.org", "alice", "vpn-alice@example.org"},
		{"{user}", "alice@example.org", "alice@example.org"},
		{"{user}", "alice@münchen.example", "alice@münchen.example"},
		{at, strings.Repeat("a", 64), strings.Repeat("a", 64) + "@example.org"},

		{at, "", ""},
		{at, "alice@evil.example", ""},
		{at, "alice@evil.example,bob", ""},
		{at, "alice@evil.example\r\nBcc: bob", ""},
		{at, "alice\r\nRCPT TO:<bob@example.org>", ""},
		{at, "alice%other.example", ""},
		{at, "other.example!alice", ""},
		{at, "alice\nSubject: hello\n\nx", ""},
		{at, "alice\x00", ""},
		{at, "alice>", ""},
		{at, "<alice", ""},
		{at, "Alice <alice", ""},
		{at, "alice@evil.example> <bob", ""},
		{at, "alice b", ""},
		{at, " alice", ""},
		{at, "alice ", ""},
		{at, `"alice"`, ""},
		{at, `"alice@evil.example"`, ""},
		{at, "alice(comment)", ""},
		{at, "(comment)alice", ""},
		{at, "alice.", ""},
		{at, "a..b", ""},
		{at, `DOM\alice`, ""},
		{at, "group:alice", ""},
		{at, "alice;", ""},
		{at, "https://idp.example.org/!alice", ""},
		{at, strings.Repeat("a", 65), ""},
		{at, "{user}{user}@x", ""},
		{"{user}", "alice", ""},
		{"{user}", "alice@", ""},
		{"{user}", "@example.org", ""},
		{"{user}", "alice@example.org, bob@example.org", ""},
		{"{user}", "alice@[127.0.0.1]", ""},
		{"{user}", "alice@evil%example.org", ""},
		{"{user}", "alice@" + strings.Repeat("a.", 120) + "example.org", ""},
	} {
		got, err := recipient(test.template, test.user)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s of %q: %q, %v, want %q", test.template, test.user, got, err, test.want)
		}
	}
}

// Whatever the name, the mail goes to one address of the template's domain.
func FuzzRecipient(f *testing.F) {
	for _, user := range []string{"alice", "alice@evil.example", "a\r\nb", `"a@b"`, "a(b)", "<a", "a,b", "müller", "=?utf-8?q?a?="} {
		f.Add(user)
	}
	f.Fuzz(func(t *testing.T, user string) {
		address, err := recipient("{user}@example.org", user)
		if err != nil {
			return
		}
		if address != user+"@example.org" || strings.ContainsAny(address, "\r\n\x00 ,;:<>()[]\"\\") || strings.Count(address, "@") != 1 {
			t.Errorf("%q makes %q", user, address)
		}
	})
}
