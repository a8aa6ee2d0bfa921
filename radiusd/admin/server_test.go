package admin

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

const oddName = "https://idp!https://sp!a/b:c@d e%2F?x=ü"

// Every call of the client reaches what it is for, as it was meant, with its actor.
func TestEveryCall(t *testing.T) {
	t.Parallel()
	w, ctx, password := serve(t, nil), t.Context(), "a \"password\""
	client := NewClient(w.socket)
	want := func(err error, format string, arguments ...any) {
		t.Helper()
		call, actor := w.accounts.last()
		if expected := fmt.Sprintf(format, arguments...); err != nil || call != expected || actor.UID != int64(os.Getuid()) {
			t.Errorf("got %s by %+v, %v, want %s", call, actor, err, expected)
		}
	}
	name, err := client.AddUser(ctx, "Alice", &password)
	want(err, "AddUser %q %q nil=false", "Alice", password)
	if name != "alice" {
		t.Errorf("added %q", name)
	}
	_, err = client.AddUser(ctx, "Alice", nil)
	want(err, `AddUser "Alice" "" nil=true`)
	want(client.RemoveDevice(ctx, oddName, "a/b"), "RemoveDevice %q %q", oddName, "a/b")
	want(client.SetPolicy(ctx, oddName, Policy{Policy: "required", Reason: "board"}), "SetPolicy %q %s", oddName, "policy=required reason=\"board\"")
	want(client.Reset(ctx, oddName), "Reset %q", oddName)
	want(client.Unlock(ctx, ".."), "Unlock %q", "..")
	code, err := client.GiveCode(ctx, ".", time.Hour, 3)
	want(err, "GiveCode %q 1h0m0s 3 helpdesk=false", ".")
	codes, err := client.NewRecoveryCodes(ctx, "a")
	want(err, "NewRecoveryCodes %q", "a")
	if code.Code != "abcde-fghij" || !code.ExpiresAt.Equal(noon.Add(time.Hour)) || len(codes) != 2 {
		t.Errorf("%+v, %v", code, codes)
	}
	invitation, err := client.Invite(ctx, oddName, 90*time.Minute)
	want(err, "Invite %q 1h30m0s helpdesk=false", oddName)
	if invitation.Address != "https://vpn.example.org/2fa/K7QM-4XHT" || !invitation.ExpiresAt.Equal(noon.Add(90*time.Minute)) {
		t.Errorf("%+v", invitation)
	}
	for _, change := range []struct {
		do   func() error
		call string
	}{
		{func() error { return client.SetPassword(ctx, "a", "x") }, "SetPassword"},
		{func() error { return client.SetDisabled(ctx, "a", true) }, "SetDisabled"},
		{func() error { return client.DeleteUser(ctx, "a") }, "DeleteUser"},
		{func() error { _, err := client.AddDevice(ctx, "a", NewDevice{Secret: "s"}); return err }, "AddDevice"},
	} {
		err := change.do()
		if call, _ := w.accounts.last(); err != nil || !strings.HasPrefix(call, change.call) {
			t.Errorf("got %s, %v, want %s", call, err, change.call)
		}
	}
	_, err = client.Explain(ctx, oddName, "vpn1", "192.0.2.7")
	want2 := func(err error, expected string) {
		t.Helper()
		if call, _ := w.accounts.last(); err != nil || call != expected {
			t.Errorf("got %s, %v, want %s", call, err, expected)
		}
	}
	want2(err, fmt.Sprintf("Explain %q code 192.0.2.7", oddName))
	_, err = client.Explain(ctx, "a", "", "")
	want2(err, `Explain "a" challenge invalid IP`)
	status, err := client.Status(ctx)
	warnings, reloadErr := client.Reload(ctx)
	if err := errors.Join(err, reloadErr); err != nil || status.Version != "v1" || len(warnings) != 1 {
		t.Errorf("%+v, %v, %v", status, warnings, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	client := NewClient(w.socket)
	var refusal *RefusalError
	for kind, status := range map[access.RefusalKind]int{access.RefusedInvalid: 400, access.RefusedMissing: 404, access.RefusedExists: 409, access.RefusedRule: 409} {
		w.accounts.err = fmt.Errorf("inside: %w", &access.Refusal{Kind: kind, Text: "the reason"})
		if err := client.Reset(t.Context(), "a"); !errors.As(err, &refusal) || refusal.Status != status || refusal.Text != "the reason" || refusal.Kind != string(kind) {
			t.Errorf("%s: %+v", kind, err)
		}
	}
	// A fault is for the log, and no word of it for the caller.
	w.accounts.err = errors.New("the disk is full")
	if err := client.Reset(t.Context(), "a"); !errors.As(err, &refusal) || refusal.Status != 500 || strings.Contains(err.Error(), "disk") || !strings.Contains(w.log.String(), "disk") {
		t.Errorf("%v", err)
	}
	w.accounts.err = nil
	if err := client.Reset(t.Context(), "panic"); !errors.As(err, &refusal) || refusal.Status != 500 {
		t.Errorf("%v", err)
	}
	if err := client.Reset(t.Context(), "a"); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}

// raw writes octets to the socket and returns the whole answer.
func (w *world) raw(t *testing.T, octets string) string {
	t.Helper()
	conn := w.dial(t)
	go io.WriteString(conn, octets)
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

func post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// Whatever is wrong with a request, the answer says so in JSON and nothing is
// done; nothing that was typed is repeated.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	for name, test := range map[string]struct{ request, status, words string }{
		"unknown field":   {post("/v1/users", `{"name":"a","passwort":"hunter2"}`), "400", "passwort"},
		"wrong type":      {post("/v1/users", `{"name":5}`), "400", "name"},
		"not an object":   {post("/v1/users", `["hunter2"]`), "400", "object"},
		"not JSON":        {post("/v1/users", `hunter2`), "400", "JSON"},
		"half":            {post("/v1/users", `{"name":"a"`), "400", "ends"},
		"two":             {post("/v1/users", `{"name":"a"}{"name":"b"}`), "400", "more than one"},
		"not UTF-8":       {post("/v1/users", "{\"name\":\"\xff\"}"), "400", "UTF-8"},
		"empty":           {post("/v1/users", ""), "400", "ends"},
		"too large":       {post("/v1/users", `{"name":"`+strings.Repeat("a", MaxBody)+`"}`), "413", "longer"},
		"a body too many": {post("/v1/users/a/reset", `{}`), "400", "no body"},
		"unknown route":   {post("/v1/nothing", ""), "404", "unknown_route"},
		"method":          {post("/v1/users/a", ""), "405", "method"},
		"not clean":       {post("/v1//users", `{"name":"a"}`), "404", "unknown_route"},
		"query":           {"GET /v1/users?before=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400", "before"},
		"limit":           {"GET /v1/users?limit=100000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400", "limit"},
		"policy":          {strings.Replace(post("/v1/users/a/policy", `{"policy":"never"}`), "POST", "PUT", 1), "400", "policy"},
		"long header":     {"GET /v1/status HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "431", ""},
		"garbage":         {"\x00\x01\x02 garbage\r\n\r\n", "400", ""},
	} {
		answer := w.raw(t, test.request)
		if !strings.HasPrefix(answer, "HTTP/1.1 "+test.status) || !strings.Contains(answer, test.words) || strings.Contains(answer, "hunter2") {
			t.Errorf("%s: %q", name, answer)
		}
		if test.words != "" && !strings.Contains(answer, `"kind":`) {
			t.Errorf("%s: no JSON: %q", name, answer)
		}
	}
	if call, _ := w.accounts.last(); call != "" {
		t.Errorf("something was done: %s", call)
	}
}
