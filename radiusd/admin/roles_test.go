package admin

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	own := uint32(os.Geteuid())
	for _, c := range []struct {
		peer Peer
		want Role
	}{
		{Peer{UID: own + 8, GID: 8}, Stranger},
		{Peer{UID: own + 8, GID: 8, Groups: []uint32{1, 2}}, Stranger},
		{Peer{UID: 65534, GID: 0, Groups: []uint32{0}}, Stranger}, // root's group isn't root
		{Peer{UID: helen, GID: 8}, Stranger},                      // mapped, but in no group
		{Peer{UID: 0, GID: 8}, Root},
		{Peer{UID: own, GID: 8}, Root},
		{Peer{UID: own + 8, GID: adminGroup}, Administrator},
		{Peer{UID: own + 8, GID: 8, Groups: []uint32{1, adminGroup}}, Administrator},
		{Peer{UID: own + 8, GID: helpdeskGroup, Groups: []uint32{adminGroup}}, Administrator},
		{Peer{UID: own + 8, GID: helpdeskGroup}, Helpdesk},
		{Peer{UID: own + 8, GID: 8, Groups: []uint32{1, helpdeskGroup}}, Helpdesk},
	} {
		if got := testRoles().Of(c.peer); got != c.want {
			t.Errorf("%+v: %v, want %v", c.peer, got, c.want)
		}
	}
	if got := (Roles{}).Of(Peer{UID: 65534}); got != Stranger {
		t.Errorf("without any group: %v", got)
	}
}

// Every route has its right, and no right is without its route.
func TestEveryRouteHasItsRight(t *testing.T) {
	t.Parallel()
	routes := slices.Sorted(maps.Keys((&Server{}).routes()))
	if entitled := slices.Sorted(maps.Keys(rights)); !slices.Equal(routes, entitled) {
		t.Errorf("routes\n%s\nrights\n%s", strings.Join(routes, "\n"), strings.Join(entitled, "\n"))
	}
	for pattern, needed := range rights {
		writes, ofUser := !strings.HasPrefix(pattern, "GET "), strings.Contains(pattern, "{name}")
		if needed.role == Stranger || needed.changes != (writes && ofUser) {
			t.Errorf("%s: %+v", pattern, needed)
		}
	}
	if rights["POST /v1/export"].role != Root {
		t.Error("secrets leave for others than root")
	}
	s := &Server{}
	if err := s.permit(Peer{UID: 0}, "GET /v1/secrets", ""); err == nil {
		t.Error("a route without a right is open to root")
	}
}

// helpdeskMay is all that the helpdesk may: written down once more, so that a
// change of the table is a change here.
var helpdeskMay = []string{"GET /v1/users", "GET /v1/list", "GET /v1/users/{name}", "GET /v1/users/{name}/explain", "GET /v1/log", "GET /v1/sessions", "GET /v1/status",
	"POST /v1/users/{name}/reset", "POST /v1/users/{name}/unlock", "POST /v1/users/{name}/code", "POST /v1/users/{name}/invite",
	"GET /v1/rollout", "GET /v1/users/{name}/remembered", "POST /v1/users/{name}/forget"}

// Who may do what to whom, on every route.
func TestPermit(t *testing.T) {
	t.Parallel()
	w := serve(t, func(s *Server) { s.Roles = testRoles })
	for pattern, needed := range rights {
		read := !needed.changes && needed.role < Root
		open := needed.role < Root
		byHelpdesk := slices.Contains(helpdeskMay, pattern)
		for who, c := range map[string]struct {
			peer Peer
			name string
			want bool
		}{
			"stranger":                   {Peer{UID: helen, GID: 1}, "alice", false},
			"helpdesk":                   {Peer{UID: helen, GID: helpdeskGroup}, "alice", byHelpdesk},
			"helpdesk, own":              {Peer{UID: helen, GID: helpdeskGroup}, "helen", byHelpdesk && read},
			"helpdesk, own in capitals":  {Peer{UID: helen, GID: helpdeskGroup}, "HELEN", byHelpdesk && read},
			"helpdesk, administrator's":  {Peer{UID: helen, GID: helpdeskGroup}, "carol", byHelpdesk && read},
			"helpdesk, in capitals":      {Peer{UID: helen, GID: helpdeskGroup}, "Carol", byHelpdesk && read},
			"helpdesk, unmapped":         {Peer{UID: 64399, GID: helpdeskGroup}, "alice", byHelpdesk && read},
			"helpdesk, no name at all":   {Peer{UID: helen, GID: helpdeskGroup}, "\x01", byHelpdesk && read},
			"administrator":              {Peer{UID: anna, GID: adminGroup}, "alice", open},
			"administrator, another":     {Peer{UID: anna, GID: adminGroup}, "carol", open},
			"administrator, own":         {Peer{UID: anna, GID: adminGroup}, "Anna", read},
			"administrator of two roles": {Peer{UID: helen, GID: helpdeskGroup, Groups: []uint32{adminGroup}}, "helen", read},
			"administrator, unmapped":    {Peer{UID: 64399, GID: adminGroup}, "alice", read && !needed.changesMany},
			"root":                       {Peer{UID: 0}, "root", true},
		} {
			if err := w.server.permit(c.peer, pattern, c.name); (err == nil) != c.want {
				t.Errorf("%s by %s: %v", pattern, who, err)
			}
		}
	}
}

// ask is a request that came from a peer.
func (w *world) ask(peer Peer, method, path, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	answer := httptest.NewRecorder()
	w.server.handler().ServeHTTP(answer, request.WithContext(context.WithValue(request.Context(), peerKey{}, peer)))
	return answer
}

// What isn't permitted is answered before the body is looked at, does nothing
// and makes a log line.
func TestForbiddenRoute(t *testing.T) {
	t.Parallel()
	w := serve(t, func(s *Server) { s.Roles = testRoles })
	peer := Peer{UID: helen, GID: helpdeskGroup}
	for path, words := range map[string]string{
		"DELETE /v1/users/alice":        "for administrators",
		"POST /v1/users/helen/reset":    "own account",
		"POST /v1/users/HELEN/code":     "own account",
		"POST /v1/users/helen/forget":   "own account",
		"POST /v1/users/carol/invite":   "is an administrator",
		"PUT /v1/users/alice/policy":    "for administrators",
		"POST /v1/users/alice/devices":  "for administrators",
		"POST /v1/users/alice/recovery": "for administrators",
		"GET /v1/log/verify":            "for administrators",
		"POST /v1/import/csv":           "for administrators",
		"POST /v1/export":               "for root alone",
		"POST /v1/backup":               "for administrators",
	} {
		method, path, _ := strings.Cut(path, " ")
		answer := w.ask(peer, method, path, "what is no JSON")
		if answer.Code != http.StatusForbidden || !strings.Contains(answer.Body.String(), words) || !strings.Contains(answer.Body.String(), `"kind":"forbidden"`) {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	if call, _ := w.accounts.last(); call != "" {
		t.Errorf("came through: %s", call)
	}
	if log := w.log.String(); strings.Count(log, "admin request refused") != 12 || !strings.Contains(log, fmt.Sprint("uid=", helen)) {
		t.Errorf("log: %s", log)
	}
}

// The helpdesk's codes and invitations are marked as such, an administrator's aren't.
func TestHelpdeskIsMarked(t *testing.T) {
	t.Parallel()
	w := serve(t, func(s *Server) { s.Roles = testRoles })
	for peer, want := range map[*Peer]string{{UID: helen, GID: helpdeskGroup}: "helpdesk=true", {UID: anna, GID: adminGroup}: "helpdesk=false", {UID: 0}: "helpdesk=false"} {
		for path, body := range map[string]string{"/v1/users/alice/code": `{"valid_seconds":3600,"uses":1}`, "/v1/users/alice/invite": `{"valid_seconds":3600}`} {
			answer := w.ask(*peer, http.MethodPost, path, body)
			if call, actor := w.accounts.last(); answer.Code != http.StatusCreated || !strings.HasSuffix(call, want) || actor.UID != int64(peer.UID) {
				t.Errorf("%s by %+v: %d, %s by %+v", path, peer, answer.Code, call, actor)
			}
		}
	}
}

// Who left a group has lost its rights at the next request, on a connection that
// stands as well.
func TestRolesAreOfNow(t *testing.T) {
	t.Parallel()
	roles := testRoles()
	w := serve(t, func(s *Server) { s.Roles = func() Roles { return roles } })
	peer := Peer{UID: helen, GID: helpdeskGroup}
	if answer := w.ask(peer, http.MethodPost, "/v1/users/alice/reset", ""); answer.Code != http.StatusNoContent {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	roles.HelpdeskGroups = nil
	if answer := w.ask(peer, http.MethodPost, "/v1/users/alice/reset", ""); answer.Code != http.StatusForbidden {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}
