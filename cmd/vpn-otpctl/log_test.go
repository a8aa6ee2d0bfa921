package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/admin"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{"GET /v1/users/alice/explain?client=vpn1&from=192.0.2.7": explanation})
	got := d.run(t, strings.NewReader(""), "explain", "alice", "--client", "vpn1", "--from", "192.0.2.7")
	if got.status != statusDone || !strings.HasPrefix(got.stdout, "alice at vpn1 would be asked: a code is asked for\nand with the right code would be let in: the code of a device was right\n") {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{"policy  required  by the global policy\n", moment(noon) + "  d1        vpn1    the code was wrong - check the phone's clock\n",
		"reset by helen (uid 1042)\n", when(noon) + "  4      vpn1    192.0.2.0/24  the password was wrong\n"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("%q is missing in\n%s", want, got.stdout)
		}
	}
}

func TestLogTable(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, map[string]any{
		"GET /v1/log?client=vpn1&decision=d1&event=login&limit=1&reason=code_wrong&since=2026-11-23T12%3A00%3A00Z&until=2026-11-24T12%3A00%3A00Z&user=alice": admin.LogPage{Records: []admin.Record{record}, Next: "x"},
	})
	got := d.run(t, strings.NewReader(""), strings.Fields("log --user alice --client vpn1 --reason code_wrong --event login --decision d1 --since 2026-11-23T13:00:00+01:00 --until 2026-11-24T12:00:00Z --limit 1")...)
	if asked := d.requests(); strings.Contains(asked, "\n") {
		t.Errorf("the newest were asked for, and then more: %s", asked)
	}
	lines := strings.Split(got.stdout, "\n")
	if got.status != statusDone || len(lines) != 3 || !strings.HasPrefix(lines[0], "TIME ") ||
		strings.Join(strings.Fields(lines[1]), " ") != moment(noon)+" d1 alice vpn1 192.0.2.7 the code was wrong - check the phone's clock" {
		t.Errorf("%+v", got)
	}
}

// What a record says can't move the cursor of the terminal that shows it.
func TestLogIsTamed(t *testing.T) {
	t.Parallel()
	evil := admin.Record{At: noon, Event: "x\x1b[2J", User: "a\x1b[2J", Client: "\x1b]0;x\a", CallingStation: "\u202e", Decision: "\x1b", Actor: &admin.Actor{Name: "\x1b[1m"}}
	d := startDaemon(t, map[string]any{
		"GET /v1/log?limit=100":        admin.LogPage{Records: []admin.Record{evil}, Next: "x"},
		"GET /v1/users/alice/explain?": admin.Explanation{User: "\x1b[2J", Records: []admin.Record{evil}, Rules: []admin.Rule{{Found: "\x1b", Detail: "\x1b"}}},
	})
	for _, line := range []string{"log", "explain alice"} {
		if got := d.run(t, strings.NewReader(""), strings.Fields(line)...); got.status != statusDone || strings.ContainsAny(got.stdout, "\x1b\a\u202e") {
			t.Errorf("%s: %q", line, got.stdout)
		}
	}
}

// All records come page by page; then new ones, until ^C, which is no failure.
func TestLogFollows(t *testing.T) {
	t.Parallel()
	full := make([]admin.Record, admin.MaxLogPage)
	for i := range full {
		full[i] = admin.Record{Event: "login", At: noon, User: fmt.Sprint("user", i)}
	}
	answers := map[string]any{
		"GET /v1/log?after=oldest&limit=10000": admin.LogPage{Records: full, Next: "two"},
		"GET /v1/log?after=two&limit=10000":    admin.LogPage{Records: full[:5], Next: "three"},
		"GET /v1/log?after=three&limit=10000":  admin.LogPage{Records: full[:1], Next: "four"},
		"GET /v1/log?after=four&limit=10000":   admin.LogPage{Records: []admin.Record{}, Next: "four"},
		"GET /v1/log?limit=100":                admin.LogPage{Records: full[:3], Next: "three"},
	}
	d := startDaemon(t, answers)
	if got := d.run(t, strings.NewReader(""), "--json", "log", "--limit", "0"); got.status != statusDone || strings.Count(got.stdout, "\n") != admin.MaxLogPage+5 {
		t.Errorf("all: status %d, %d lines", got.status, strings.Count(got.stdout, "\n"))
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var stdout, stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"--socket", d.socket, "--json", "log", "-f"}, strings.NewReader(""), &stdout, &stderr)
	}()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(d.requests(), "after=four"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("asked only %s", d.requests())
		}
	}
	interrupt()
	if status := <-ended; status != statusDone || stderr.String() != "" || strings.Count(stdout.String(), "\n") != 4 {
		t.Errorf("followed: status %d, %q, %s", status, stderr.String(), stdout.String())
	}
}

func TestLogUsage(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	for line, words := range map[string]string{
		"log --since yesterday":                  "--since",
		"log --since -2h":                        "--since",
		"log --until 2026-11-23":                 "--until",
		"log --limit -1":                         "--limit",
		"log --limit 10001":                      "--limit",
		"log --follow --until 2h":                "exclude",
		"log alice":                              "one argument too many",
		"log verify now":                         "one argument too many",
		"explain":                                "NAME is missing",
		"log --since 99999999999999999999999d1h": "--since",
	} {
		if got := d.run(t, strings.NewReader(""), strings.Fields(line)...); got.status != statusUsage || !strings.Contains(got.stderr, words) || d.requests() != "" {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"":                          {},
		"2h":                        noon.Add(-2 * time.Hour),
		"14d":                       noon.AddDate(0, 0, -14),
		"1d12h":                     noon.Add(-36 * time.Hour),
		"2026-11-23T13:00:00+01:00": noon,
	} {
		if got, err := parseTime(text, noon); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestLogVerify(t *testing.T) {
	t.Parallel()
	whole := admin.Chain{Node: "n1", First: 4, Last: 9, Pruned: 3, Head: "9:ab"}
	broken := admin.Chain{Node: "n2", First: 1, Last: 16, Broken: 17}
	kept := func(c admin.Chain, how string) admin.Chain { c.Kept = how; return c }
	for name, test := range map[string]struct {
		chains []admin.Chain
		head   bool
		status int
		stdout string
		stderr string
	}{
		"whole":         {[]admin.Chain{whole}, false, statusDone, "n1    4 to 9   3       holds  9:ab\n", ""},
		"no records":    {nil, false, statusDone, "NODE", ""},
		"broken":        {[]admin.Chain{whole, broken}, false, statusRefused, "BROKEN at 17", "node n2: record 17 is the first"},
		"head is there": {[]admin.Chain{kept(whole, admin.HeadSame)}, true, statusDone, "holds", ""},
		"of one node":   {[]admin.Chain{kept(whole, admin.HeadDifferent), kept(whole, admin.HeadSame)}, true, statusDone, "holds", ""},
		"cut off":       {[]admin.Chain{kept(whole, admin.HeadMissing)}, true, statusRefused, "holds", "node n1: it ends before"},
		"rewritten":     {[]admin.Chain{kept(whole, admin.HeadDifferent)}, true, statusRefused, "holds", "another record has its number"},
		"all removed":   {nil, true, statusRefused, "NODE", "no records at all"},
		"broken, head":  {[]admin.Chain{broken, kept(whole, admin.HeadSame)}, true, statusRefused, "BROKEN", "is broken"},
	} {
		route, line := "GET /v1/log/verify?", "log verify"
		if test.head {
			route, line = "GET /v1/log/verify?head=9%3Aab", "log verify --head 9:ab"
		}
		d := startDaemon(t, map[string]any{route: admin.VerifyLine{Done: true, Chains: test.chains}})
		got := d.run(t, strings.NewReader(""), strings.Fields(line)...)
		if got.status != test.status || !strings.Contains(got.stdout, test.stdout) || !strings.Contains(got.stderr, test.stderr) || (test.stderr == "") != (got.stderr == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Progress is for people who wait at a terminal, and leaves nothing behind.
func TestProgress(t *testing.T) {
	t.Parallel()
	person, tty := openTerminal(t)
	tool := &tool{stderr: tty}
	show := tool.progress("%s done")
	show.at(1000)
	show.end()
	show.end()
	const want = "\r1000 done\r\x1b[K"
	seen := make([]byte, len(want))
	if _, err := io.ReadFull(person, seen); err != nil || string(seen) != want {
		t.Errorf("%q, %v", seen, err)
	}
	var nobody bytes.Buffer
	tool.stderr = &nobody
	show = tool.progress("%s done")
	show.at(1000)
	if show.end(); nobody.Len() > 0 {
		t.Errorf("to no terminal: %q", nobody.String())
	}
}
