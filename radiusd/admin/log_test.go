package admin

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vpn-otpd/store"
)

// fakeAudit is a log of two nodes.
type fakeAudit struct {
	mu     sync.Mutex
	asked  store.LogQuery
	chains []store.Chain
	err    error
	slow   time.Duration // between two progresses, of which there are five
}

func (f *fakeAudit) Log(_ context.Context, q store.LogQuery) ([]store.Record, map[string]int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = q
	return []store.Record{
		{Node: "a", Seq: 7, At: noon, Decision: "d1", Event: "login", Reason: "totp_accepted", User: "alice", Client: "vpn1", CallingStation: "192.0.2.7", Actor: store.Actor{UID: -1}, Detail: "verdict=accept"},
		{Node: "b", Seq: 2, At: noon.Add(time.Second), Event: "reset", User: "alice", Actor: store.Actor{UID: 1042, Name: "helen"}},
	}, map[string]int64{"a": 7, "b": 2}, f.err
}

func (f *fakeAudit) VerifyAudit(ctx context.Context, progress func(int64)) ([]store.Chain, error) {
	for n := range int64(5) {
		select {
		case <-time.After(f.slow):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		progress((n + 1) * 1000)
	}
	return f.chains, f.err
}

// AuditMAC of record n is n octets of value n, repeated to 32.
func (f *fakeAudit) AuditMAC(_ context.Context, node string, seq int64) ([]byte, bool, error) {
	return macOf(seq), node != "other", nil
}

func macOf(seq int64) []byte { return slices.Repeat([]byte{byte(seq)}, 32) }

func headText(seq int64, mac []byte) string { return fmt.Sprint(seq, ":", hex.EncodeToString(mac)) }

func serveAudit(t *testing.T, audit *fakeAudit, change func(*Server)) *world {
	t.Helper()
	return serve(t, func(s *Server) {
		s.Audit = audit
		if change != nil {
			change(s)
		}
	})
}

func TestLog(t *testing.T) {
	t.Parallel()
	audit := &fakeAudit{}
	client := NewClient(serveAudit(t, audit, nil).socket)
	page, err := client.Log(t.Context(), LogQuery{User: "ALICE", Client: "vpn1", Reason: "code_wrong", Event: "login", Decision: "d1",
		Since: noon, Until: noon.Add(1500 * time.Millisecond), After: Oldest, Limit: 7})
	if err != nil {
		t.Fatal(err)
	}
	want := store.LogQuery{User: "alice", Client: "vpn1", Reason: "code_wrong", Event: "login", Decision: "d1", Since: noon,
		Until: noon.Add(1500 * time.Millisecond), After: map[string]int64{}, Limit: 7}
	if got := fmt.Sprintf("%+v", audit.asked); got != fmt.Sprintf("%+v", want) {
		t.Errorf("asked %s\nwant  %+v", got, want)
	}
	if page.Records[0].Actor != nil || *page.Records[1].Actor != (Actor{UID: 1042, Name: "helen"}) || page.Records[0].Detail != "verdict=accept" {
		t.Errorf("%+v", page.Records)
	}
	if _, err = client.Log(t.Context(), LogQuery{After: page.Next}); err != nil || fmt.Sprint(audit.asked.After) != "map[a:7 b:2]" || audit.asked.Limit != DefaultLogPage {
		t.Errorf("%v, asked %+v", err, audit.asked)
	}
	if _, err = client.Log(t.Context(), LogQuery{}); err != nil || audit.asked.After != nil || !audit.asked.Since.IsZero() {
		t.Errorf("%v, asked %+v", err, audit.asked)
	}
}

func TestBadLogRequests(t *testing.T) {
	t.Parallel()
	audit := &fakeAudit{}
	w := serveAudit(t, audit, nil)
	for path, words := range map[string]string{
		"/v1/log?limit=0":                       "10000",
		"/v1/log?limit=10001":                   "10000",
		"/v1/log?limit=x":                       "limit",
		"/v1/log?since=yesterday":               "RFC 3339",
		"/v1/log?until=2026-11-23":              "RFC 3339",
		"/v1/log?after=newest":                  "after",
		"/v1/log?after=bnVsbA":                  "after", // null
		"/v1/log?after=W10":                     "after", // []
		"/v1/log?after=eyJhIjoxLjV9":            "after", // {"a":1.5}
		"/v1/log?user=%01":                      "control",
		"/v1/log?users=alice":                   "users",
		"/v1/log/verify?head=7":                 "head",
		"/v1/log/verify?head=0:00":              "head",
		"/v1/log/verify?head=7:xyz":             "head",
		"/v1/log/verify?head=7:00":              "head",
		"/v1/log/verify?heads=7":                "heads",
		"/v1/users/a/explain?from=here":         "from",
		"/v1/users/a/explain?from=192.0.2.0/24": "from",
		"/v1/users/a/explain?client=vpn2":       "no such client",
		"/v1/users/a/explain?to=x":              "to",
	} {
		answer := w.raw(t, strings.Replace(post(path, ""), "POST", "GET", 1))
		if !strings.HasPrefix(answer, "HTTP/1.1 40") || !strings.Contains(answer, words) || !strings.Contains(answer, `"kind":`) {
			t.Errorf("%s: %q", path, answer)
		}
	}
	if answer := w.raw(t, strings.Replace(post("/v1/log/verify", "{}"), "POST", "GET", 1)); !strings.Contains(answer, "no body") {
		t.Errorf("%q", answer)
	}
	if fmt.Sprintf("%+v", audit.asked) != fmt.Sprintf("%+v", store.LogQuery{}) {
		t.Errorf("asked %+v", audit.asked)
	}
}

func TestVerifyLog(t *testing.T) {
	t.Parallel()
	audit := &fakeAudit{chains: []store.Chain{
		{Node: "a", First: 4, Last: 9, Pruned: 3, Head: macOf(9), HeadAt: noon},
		{Node: "b", First: 1, Last: 5, Broken: 6},
		{Node: "other", First: 1, Last: 9, Head: macOf(9), HeadAt: noon},
	}}
	client := NewClient(serveAudit(t, audit, nil).socket)
	for head, want := range map[string][3]string{
		"":                      {"", "", ""},
		headText(9, macOf(9)):   {HeadSame, "", HeadDifferent},
		headText(5, macOf(5)):   {HeadSame, HeadSame, HeadDifferent},
		headText(3, macOf(3)):   {HeadSame, HeadSame, HeadDifferent}, // the last one that was pruned
		headText(2, macOf(2)):   {HeadPruned, HeadSame, HeadDifferent},
		headText(7, macOf(6)):   {HeadDifferent, "", HeadDifferent},
		headText(10, macOf(10)): {HeadMissing, "", HeadMissing},
	} {
		chains, err := client.VerifyLog(t.Context(), head, nil)
		if err != nil || len(chains) != 3 {
			t.Fatalf("%v, %v", chains, err)
		}
		if got := [3]string{chains[0].Kept, chains[1].Kept, chains[2].Kept}; got != want {
			t.Errorf("head %s: %q, want %q", head, got, want)
		}
		if chains[0].Head != headText(9, macOf(9)) || chains[1].Head != "" || chains[1].Broken != 6 || chains[0].Pruned != 3 {
			t.Errorf("%+v", chains)
		}
	}
}

// A verification outlasts every deadline of the server, tells how far it is, and
// ends when the peer hangs up.
func TestVerifyTakesItsTime(t *testing.T) {
	t.Parallel()
	audit := &fakeAudit{slow: 250 * time.Millisecond, chains: []store.Chain{{Node: "a"}}}
	w := serveAudit(t, audit, func(s *Server) {
		s.Limits = Limits{Read: 300 * time.Millisecond, Write: 300 * time.Millisecond, Idle: 300 * time.Millisecond}
	})
	var heard []int64
	chains, err := NewClient(w.socket).VerifyLog(t.Context(), "", func(read int64) { heard = append(heard, read) })
	if err != nil || len(chains) != 1 || !slices.Equal(heard, []int64{1000, 2000, 3000, 4000, 5000}) {
		t.Errorf("%v, %v, heard %v", chains, err, heard)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = NewClient(w.socket).VerifyLog(ctx, "", func(int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(w.log.String(), "context canceled"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it goes on: %s", w.log)
		}
	}
}

func TestVerifyFails(t *testing.T) {
	t.Parallel()
	audit := &fakeAudit{err: errors.New("the disk is gone")}
	w := serveAudit(t, audit, nil)
	var refusal *RefusalError
	_, err := NewClient(w.socket).VerifyLog(t.Context(), "", nil)
	if !errors.As(err, &refusal) || refusal.Kind != KindFault || strings.Contains(err.Error(), "disk") || !strings.Contains(w.log.String(), "disk") {
		t.Errorf("%v", err)
	}
	w.server.Roles = testRoles
	if answer := w.ask(Peer{UID: helen, GID: helpdeskGroup}, http.MethodGet, "/v1/log/verify", ""); answer.Code != http.StatusForbidden {
		t.Errorf("by the helpdesk: %d", answer.Code)
	}
}

// An answer that breaks off is no proof of anything.
func TestVerifyBreaksOff(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"at once": "", "in between": "{\"read\":1,\"done\":false}\n", "half a line": "{\"done\":tr", "something else": "hello\n",
	} {
		socket := answering(t, func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+body) })
		if _, err := NewClient(socket).VerifyLog(t.Context(), "", nil); !errors.Is(err, ErrNotReachable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// answering is a socket where something answers in its own way.
func answering(t *testing.T, answer func(io.Writer)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 4096))
		answer(conn)
	}()
	return path
}
