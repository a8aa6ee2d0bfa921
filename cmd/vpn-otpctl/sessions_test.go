package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vpn-otpd/radiusd/admin"
)

var session = admin.Session{User: "alice", State: admin.SessionOpen, Client: "vpn1", NAS: "nas1", Session: "S1", CallingStation: "198.51.100.234",
	Address: "10.11.12.134", StartedAt: noon, UpdatedAt: noon, InputOctets: 1 << 40}

func TestSessions(t *testing.T) {
	t.Parallel()
	unknown, stale, ended := session, session, session
	unknown.User, unknown.Address, unknown.Address6, unknown.CallingStation = "unknown:0123456789ab", "", "2001:db8::7", ""
	stale.User, stale.State = "bob", admin.SessionStale
	ended.State, ended.EndedAt, ended.TerminateCause = admin.SessionEnded, noon.Add(time.Hour), "User-Request"
	nobody := session
	nobody.User = ""
	d := startDaemon(t, map[string]any{
		"GET /v1/sessions?limit=1000":                                    admin.SessionPage{Sessions: []admin.Session{nobody, session}, Next: "place"},
		"GET /v1/sessions?after=place&limit=1000":                        admin.SessionPage{Sessions: []admin.Session{stale, unknown}},
		"GET /v1/sessions?client=vpn+1&ended=true&limit=1000&user=Alice": admin.SessionPage{Sessions: []admin.Session{session, stale, ended}},
		"GET /v1/sessions?limit=1000&user=carol":                         admin.SessionPage{Sessions: []admin.Session{}},
		"GET /v1/sessions?limit=1000&user=dave":                          admin.Problem{Error: "no", Kind: admin.KindMissing},
	})
	for _, test := range []struct {
		arguments []string
		want      string // with blanks as one
	}{
		{nil, "USER CLIENT ADDRESS SINCE FROM|- vpn1 10.11.12.134 NOON 198.51.100.234|alice vpn1 10.11.12.134 NOON 198.51.100.234|" +
			"bob vpn1 10.11.12.134 NOON stale|unknown:0123456789ab vpn1 2001:db8::7 NOON -|"},
		{[]string{"--user", "Alice", "--client", "vpn 1", "--all"}, "USER CLIENT ADDRESS SINCE UNTIL|alice vpn1 10.11.12.134 NOON open|" +
			"bob vpn1 10.11.12.134 NOON stale|alice vpn1 10.11.12.134 NOON LATER|"},
		{[]string{"--user", "carol"}, "USER CLIENT ADDRESS SINCE FROM|"},
	} {
		got := d.run(t, strings.NewReader(""), append([]string{"sessions"}, test.arguments...)...)
		text := strings.NewReplacer(when(noon), "NOON", when(noon.Add(time.Hour)), "LATER").Replace(got.stdout)
		var lines []string
		for line := range strings.SplitSeq(text, "\n") {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
		if words := strings.Join(lines, "|"); words != test.want || got.status != statusDone || got.stderr != "" {
			t.Errorf("%v: %q, %+v", test.arguments, words, got)
		}
		for line := range strings.SplitSeq(got.stdout, "\n") {
			if width := utf8.RuneCountInString(strings.TrimRight(line, " ")); width > 80 {
				t.Errorf("%d columns: %s", width, line)
			}
		}
	}
	if got := d.run(t, strings.NewReader(""), "sessions", "--user", "dave"); got.status != statusRefused {
		t.Errorf("%+v", got)
	}
	if got := d.run(t, strings.NewReader(""), "sessions", "alice"); got.status != statusUsage {
		t.Errorf("%+v", got)
	}
}
