package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vpn-otpd/radiusd/admin"
)

var rolloutParts = map[string]any{
	"GET /v1/rollout?limit=1000": admin.Rollout{
		Due: []admin.DueUser{
			{Name: "bob", RequiredBy: "the user's own policy", Since: noon, Deadline: noon, Late: true, Closed: "invitation"},
			{Name: strings.Repeat("c", 24), RequiredBy: "the rule a-name-that-is-long", Deadline: noon.Add(time.Hour)},
		},
		Totals: admin.RolloutTotals{Enrolled: 1, Due: 2, Late: 1, Exempt: 4, NotRequired: 5, Disabled: 6},
		Next:   "z",
	},
	"GET /v1/rollout?after=z&limit=1000": admin.Rollout{
		Due:    []admin.DueUser{{Name: "zoe", RequiredBy: "the global policy", Closed: "no page"}},
		Totals: admin.RolloutTotals{Enrolled: 10, Due: 1},
	},
}

const rolloutSum = "11 enrolled, 3 must enroll (1 late), 4 exempt, 5 may do without, 6 disabled\n"

func TestRolloutTable(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, rolloutParts)
	got := d.run(t, strings.NewReader(""), "rollout")
	want := "USER                      ENROLL BY         LATE  ALONE       REQUIRED BY\n" +
		"bob                       " + when(noon) + "  yes   invitation  user's own poli…\n" +
		"cccccccccccccccccccccccc  " + when(noon.Add(time.Hour)) + "  no    yes         rule a-name-tha…\n" +
		"zoe                       next login        no    no page     global policy\n\n" + rolloutSum
	if got.stdout != want || got.status != statusDone {
		t.Errorf("%s\nwant\n%s", got.stdout, want)
	}
	for line := range strings.Lines(got.stdout) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("wider than 80 columns: %q", line)
		}
	}
	late := d.run(t, strings.NewReader(""), "rollout", "--late").stdout
	if strings.Count(late, "\n") != 4 || !strings.Contains(late, "\nbob ") || !strings.HasSuffix(late, rolloutSum) {
		t.Errorf("%s", late)
	}
}

func TestRolloutJSON(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, rolloutParts)
	got := d.run(t, strings.NewReader(""), "rollout", "--late", "--json").stdout
	want := `{"name":"bob","required_by":"the user's own policy","since":"2026-11-23T12:00:00Z","deadline":"2026-11-23T12:00:00Z","late":true,"closed":"invitation"}
{"totals":{"enrolled":11,"due":3,"late":1,"exempt":4,"not_required":5,"disabled":6}}
`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestRolloutOfNobody(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{"GET /v1/rollout?limit=1000": admin.Rollout{Due: []admin.DueUser{}}})
	if got := d.run(t, strings.NewReader(""), "rollout").stdout; got != "0 enrolled, 0 must enroll (0 late), 0 exempt, 0 may do without, 0 disabled\n" {
		t.Errorf("%q", got)
	}
}

func TestRememberedTable(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{
		"GET /v1/users/alice/remembered": admin.RememberedLogins{Logins: []admin.RememberedLogin{
			{Client: "vpn1", CallingStation: "192.0.2.7\x1b", Since: noon, Until: noon.Add(time.Hour)}}},
		"GET /v1/users/bob/remembered": admin.RememberedLogins{},
	})
	got := d.run(t, strings.NewReader(""), "remembered", "alice").stdout
	if want := "vpn1    192.0.2.7?  " + when(noon) + "  " + when(noon.Add(time.Hour)) + "\n"; !strings.HasSuffix(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if got := d.run(t, strings.NewReader(""), "remembered", "bob").stdout; got != "none\n" {
		t.Errorf("%q", got)
	}
}
