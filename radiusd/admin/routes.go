package admin

import (
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
)

// routes holds every route; api.go, api_log.go, api_sessions.go and api_import.go
// tell of them, and rights.go says who may use them.
func (s *Server) routes() map[string]http.Handler {
	return map[string]http.Handler{
		"POST /v1/users":                          answer(s, http.StatusCreated, s.addUser),
		"GET /v1/users":                           answer(s, http.StatusOK, s.users, "after", "limit"),
		"GET /v1/list":                            answer(s, http.StatusOK, s.listUsers, "after", "limit"),
		"GET /v1/rollout":                         answer(s, http.StatusOK, s.rollout, "after", "limit"),
		"GET /v1/users/{name}":                    answer(s, http.StatusOK, s.user),
		"DELETE /v1/users/{name}":                 answer(s, http.StatusNoContent, s.deleteUser),
		"PUT /v1/users/{name}/password":           answer(s, http.StatusNoContent, s.setPassword),
		"PUT /v1/users/{name}/disabled":           answer(s, http.StatusNoContent, s.setDisabled),
		"PUT /v1/users/{name}/policy":             answer(s, http.StatusNoContent, s.setPolicy),
		"POST /v1/users/{name}/devices":           answer(s, http.StatusCreated, s.addDevice),
		"DELETE /v1/users/{name}/devices/{label}": answer(s, http.StatusNoContent, s.removeDevice),
		"POST /v1/users/{name}/reset":             answer(s, http.StatusNoContent, s.reset),
		"POST /v1/users/{name}/unlock":            answer(s, http.StatusNoContent, s.unlock),
		"POST /v1/users/{name}/code":              answer(s, http.StatusCreated, s.giveCode),
		"POST /v1/users/{name}/recovery":          answer(s, http.StatusCreated, s.newRecoveryCodes),
		"POST /v1/users/{name}/invite":            answer(s, http.StatusCreated, s.invite),
		"GET /v1/users/{name}/explain":            answer(s, http.StatusOK, s.explain, "client", "from"),
		"GET /v1/users/{name}/remembered":         answer(s, http.StatusOK, s.remembered),
		"POST /v1/users/{name}/forget":            answer(s, http.StatusOK, s.forget),
		"GET /v1/log":                             answer(s, http.StatusOK, s.log, logParameters...),
		"GET /v1/log/verify":                      http.HandlerFunc(s.verifyLog),
		"GET /v1/sessions":                        answer(s, http.StatusOK, s.sessions, sessionParameters...),
		"GET /v1/status":                          answer(s, http.StatusOK, s.status),
		"POST /v1/reload":                         answer(s, http.StatusOK, s.reload),
		"POST /v1/import/{format}":                http.HandlerFunc(s.importUsers),
		"POST /v1/export":                         http.HandlerFunc(s.export),
		"POST /v1/backup":                         http.HandlerFunc(s.backup),
	}
}

func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, route := range s.routes() {
		mux.Handle(pattern, s.permitted(pattern, route))
	}
	return mux
}

// handler answers what no route knows in JSON too, and survives its handlers.
func (s *Server) handler() http.Handler {
	mux := s.mux()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if fault := recover(); fault != nil {
				s.Log.Error("admin request panicked", "method", r.Method, "route", r.Pattern,
					"fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
				writeProblem(w, http.StatusInternalServerError, faultProblem)
			}
		}()
		// ServeMux would redirect what isn't clean; nobody asks for that here.
		if asked := r.URL.EscapedPath(); !strings.HasPrefix(asked, "/") || path.Clean(asked) != asked {
			writeProblem(w, http.StatusNotFound, unknownRoute)
			return
		}
		unrouted, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		verdict := &statusOnly{header: http.Header{}}
		unrouted.ServeHTTP(verdict, r)
		if verdict.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", verdict.header.Get("Allow"))
			writeProblem(w, verdict.status, Problem{
				fmt.Sprintf("%s can't be done to this", r.Method), KindMethod})
			return
		}
		writeProblem(w, http.StatusNotFound, unknownRoute)
	})
}

var (
	unknownRoute = Problem{"the daemon does not know this request", KindUnknownRoute}
	faultProblem = Problem{"the daemon could not do it; its log says why", KindFault}
)

// statusOnly hears what ServeMux would say, without its text.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header              { return s.header }
func (s *statusOnly) WriteHeader(status int)           { s.status = status }
func (s *statusOnly) Write(octets []byte) (int, error) { return len(octets), nil }
