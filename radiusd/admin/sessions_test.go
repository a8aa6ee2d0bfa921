package admin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// fakeConnections has 25 of them, and writes down what it is asked.
type fakeConnections struct {
	mutex sync.Mutex
	asked store.ConnectionQuery
	err   error
}

func (f *fakeConnections) List(_ context.Context, q store.ConnectionQuery) (found []access.Connection, err error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.asked = q
	for n := q.After.Number + 1; n <= 25 && len(found) < q.Limit; n++ {
		c := store.Connection{Client: "vpn1", NAS: "nas1", Session: fmt.Sprint("S", n), Number: n, User: "alice", StartedAt: noon, UpdatedAt: noon}
		if n == 3 {
			c.EndedAt, c.TerminateCause = noon.Add(time.Hour), "User-Request"
		}
		found = append(found, access.Connection{Connection: c, Stale: n == 2})
	}
	return found, f.err
}

func serveSessions(t *testing.T) (*Client, *fakeConnections) {
	fake := &fakeConnections{}
	w := serve(t, func(s *Server) { s.Connections = fake })
	return NewClient(w.socket), fake
}

func TestSessionsPageByPage(t *testing.T) {
	t.Parallel()
	client, fake := serveSessions(t)
	var sessions []Session
	query := SessionQuery{User: "Alice/x", Client: "vpn 1", Ended: true, Limit: 10}
	for pages := 1; ; pages++ {
		page, err := client.Sessions(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, page.Sessions...)
		if fake.asked.User != query.User || fake.asked.Client != query.Client || !fake.asked.Ended || fake.asked.Limit != 10 {
			t.Errorf("asked %+v", fake.asked)
		}
		if query.After = page.Next; query.After == "" {
			if pages != 3 || fake.asked.After != (store.ConnectionPlace{User: "alice", Client: "vpn1", NAS: "nas1", Session: "S20", Number: 20}) {
				t.Errorf("%d pages, the last after %+v", pages, fake.asked.After)
			}
			break
		}
	}
	if len(sessions) != 25 || sessions[24].Session != "S25" {
		t.Errorf("%d sessions", len(sessions))
	}
	want := []Session{
		{User: "alice", State: "open", Client: "vpn1", NAS: "nas1", Session: "S1", StartedAt: noon, UpdatedAt: noon},
		{User: "alice", State: "stale", Client: "vpn1", NAS: "nas1", Session: "S2", StartedAt: noon, UpdatedAt: noon},
		{User: "alice", State: "ended", Client: "vpn1", NAS: "nas1", Session: "S3", StartedAt: noon, UpdatedAt: noon, EndedAt: noon.Add(time.Hour), TerminateCause: "User-Request"},
	}
	if !reflect.DeepEqual(sessions[:3], want) {
		t.Errorf("got  %+v\nwant %+v", sessions[:3], want)
	}
}

func TestSessionsRefused(t *testing.T) {
	t.Parallel()
	w := serve(t, func(s *Server) { s.Roles, s.Connections = testRoles, &fakeConnections{} })
	place := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for _, query := range []string{"ended=yes", "limit=0", "limit=1001", "limit=x", "after=!", "after=" + place("x"), "after=" + place(`{"Other":1}`), "after=" + place(`[]`), "user=a&user=b", "nas=x"} {
		answer := w.ask(Peer{UID: 0}, "GET", "/v1/sessions?"+query, "")
		if answer.Code != 400 {
			t.Errorf("%s: %d %s", query, answer.Code, answer.Body)
		}
	}
	if answer := w.ask(Peer{UID: helen, GID: helpdeskGroup}, "GET", "/v1/sessions", ""); answer.Code != 200 || !strings.Contains(answer.Body.String(), `"state":"open"`) {
		t.Errorf("the helpdesk: %d %s", answer.Code, answer.Body)
	}
	if answer := w.ask(Peer{UID: helen, GID: 1}, "GET", "/v1/sessions", ""); answer.Code != 403 {
		t.Errorf("a stranger: %d", answer.Code)
	}
}

func TestSessionsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	client, fake := serveSessions(t)
	fake.err = errors.New("a secret of the store")
	if _, err := client.Sessions(t.Context(), SessionQuery{}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	w := serve(t, nil) // nobody knows who is connected
	page, err := NewClient(w.socket).Sessions(t.Context(), SessionQuery{})
	if err != nil || page.Sessions == nil || len(page.Sessions) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}
