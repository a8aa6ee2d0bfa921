package admin

import (
	"fmt"
	"net/http"
	"slices"
)

// right is what a route needs.
type right struct {
	role Role // the least that may
	// changes: it changes the account that its path names. Only root does that
	// to the own account, so all others only where theirs is known; and the
	// helpdesk never to an administrator's.
	changes bool
	// changesMany: it changes accounts that its path doesn't name, and leaves the
	// own one alone by itself.
	changesMany bool
}

// rights holds every route: one that isn't here is for nobody.
var rights = map[string]right{
	"POST /v1/users":                          {role: Administrator},
	"GET /v1/users":                           {role: Helpdesk},
	"GET /v1/list":                            {role: Helpdesk},
	"GET /v1/rollout":                         {role: Helpdesk},
	"GET /v1/users/{name}":                    {role: Helpdesk},
	"DELETE /v1/users/{name}":                 {role: Administrator, changes: true},
	"PUT /v1/users/{name}/password":           {role: Administrator, changes: true},
	"PUT /v1/users/{name}/disabled":           {role: Administrator, changes: true},
	"PUT /v1/users/{name}/policy":             {role: Administrator, changes: true},
	"POST /v1/users/{name}/devices":           {role: Administrator, changes: true},
	"DELETE /v1/users/{name}/devices/{label}": {role: Administrator, changes: true},
	"POST /v1/users/{name}/reset":             {role: Helpdesk, changes: true},
	"POST /v1/users/{name}/unlock":            {role: Helpdesk, changes: true},
	"POST /v1/users/{name}/code":              {role: Helpdesk, changes: true},
	"POST /v1/users/{name}/recovery":          {role: Administrator, changes: true},
	"POST /v1/users/{name}/invite":            {role: Helpdesk, changes: true},
	"GET /v1/users/{name}/explain":            {role: Helpdesk},
	"GET /v1/users/{name}/remembered":         {role: Helpdesk},
	"POST /v1/users/{name}/forget":            {role: Helpdesk, changes: true},
	"GET /v1/log":                             {role: Helpdesk},
	"GET /v1/log/verify":                      {role: Administrator},
	"GET /v1/sessions":                        {role: Helpdesk},
	"GET /v1/status":                          {role: Helpdesk},
	"POST /v1/reload":                         {role: Administrator},
	"POST /v1/import/{format}":                {role: Administrator, changesMany: true},
	"POST /v1/export":                         {role: Root},
	"POST /v1/backup":                         {role: Administrator},
}

// forbiddenError is a right that the peer lacks, in words for the peer.
type forbiddenError struct{ text string }

func (e *forbiddenError) Error() string { return e.text }

// permit says whether a peer may use a route on the account of a name as typed.
// It is the only place that does.
func (s *Server) permit(peer Peer, pattern, name string) error {
	needed := rights[pattern]
	roles := s.roles()
	role := roles.Of(peer)
	switch {
	case needed.role == Stranger:
		return &forbiddenError{"nobody may do this"}
	case role == Stranger:
		return &forbiddenError{strangerText(peer)}
	case role < needed.role && needed.role == Root:
		return &forbiddenError{"this is for root alone: the secrets of all users leave by it"}
	case role < needed.role:
		return &forbiddenError{"this is for administrators; the helpdesk may not do it"}
	case !needed.changes && !needed.changesMany || role == Root:
		return nil
	}
	own, known := roles.Users[peer.UID]
	if !known { // it might be the own account
		return &forbiddenError{fmt.Sprintf("it is not known which account is your own: admin.users is to name the VPN user of uid %d", peer.UID)}
	}
	if needed.changesMany {
		return nil
	}
	canonical, err := s.Accounts.Canonical(name)
	if err != nil {
		return err
	}
	switch {
	case own == canonical:
		return &forbiddenError{"nobody changes the own account: ask somebody else"}
	case role == Helpdesk && slices.Contains(roles.Administrators, canonical):
		return &forbiddenError{fmt.Sprintf("user %q is an administrator: the helpdesk may not change the account", canonical)}
	}
	return nil
}

// permitted lets those through to a route who may use it now: who is who may
// have changed since the connection was made.
func (s *Server) permitted(pattern string, route http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, ok := r.Context().Value(peerKey{}).(Peer)
		if !ok {
			s.fail(w, r, &forbiddenError{"who you are is not known"})
			return
		}
		if err := s.permit(peer, pattern, r.PathValue("name")); err != nil {
			s.Log.Warn("admin request refused", "uid", peer.UID, "route", pattern, "err", err)
			s.fail(w, r, err)
			return
		}
		route.ServeHTTP(w, r)
	})
}

func (s *Server) roles() Roles {
	if s.Roles == nil {
		return Roles{}
	}
	return s.Roles()
}
