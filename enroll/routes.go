package enroll

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// route is what answers under one name; nil: that method isn't for it.
type route struct {
	name string // in the log; a path may be a ticket
	get  func(*exchange) error
	post func(*exchange) error
	// plain: the answer is the same for everybody, no session is read for it.
	plain bool
}

// routeOf finds the route for a path below the base.
func (h *Handler) routeOf(path string) (route, bool) {
	if found, ok := routes()[path]; ok {
		return found, true
	}
	if path == h.style.name {
		return route{name: "style", get: (*exchange).showStyle, plain: true}, true
	}
	if looksLikeTicket(path) {
		return route{name: "<ticket>", get: (*exchange).showTicket}, true
	}
	return route{}, false
}

func routes() map[string]route {
	return map[string]route{
		"":              {name: "start", get: (*exchange).showStart},
		"signin":        {name: "signin", post: (*exchange).signIn},
		"signin/oidc":   {name: "signin/oidc", get: (*exchange).finishElsewhere, post: (*exchange).beginElsewhere},
		"signin/header": {name: "signin/header", get: (*exchange).toStart, post: (*exchange).signInByHeader},
		"code":          {name: "code", post: (*exchange).answerChallenge},
		"signout":       {name: "signout", post: (*exchange).signOut},
		"language":      {name: "language", post: (*exchange).chooseLanguage},
		"ticket":        {name: "ticket", post: (*exchange).openTicket},
		"enroll":        {name: "enroll", get: (*exchange).showEnrollment, post: (*exchange).beginEnrollment},
		"confirm":       {name: "confirm", get: (*exchange).toStart, post: (*exchange).confirm},
		"change":        {name: "change", get: (*exchange).showChange, post: (*exchange).change},
	}
}

// dispatch answers, or returns what became of it.
func (x *exchange) dispatch() error {
	path, below := strings.CutPrefix(x.r.URL.Path, x.h.base)
	if !below {
		return x.outside()
	}
	found, ok := x.h.routeOf(path)
	if !ok {
		return problem{http.StatusNotFound, "not_found"}
	}
	x.route = found.name
	methods := map[string]func(*exchange) error{http.MethodPost: found.post, http.MethodGet: found.get, http.MethodHead: found.get}
	maps.DeleteFunc(methods, func(_ string, f func(*exchange) error) bool { return f == nil })
	serve, ok := methods[x.r.Method]
	if !ok {
		x.w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
		return problem{http.StatusMethodNotAllowed, "method"}
	}
	if found.plain {
		return serve(x)
	}
	x.readHeader()
	if err := x.openSession(); err != nil {
		return err
	}
	if x.r.Method == http.MethodPost {
		if err := x.readForm(); err != nil {
			return err
		}
	}
	return serve(x)
}

// outside helps those who left the last slash out.
func (x *exchange) outside() error {
	if x.r.URL.Path+"/" == x.h.base && x.r.Method == http.MethodGet {
		return x.redirect("")
	}
	return problem{http.StatusNotFound, "not_found"}
}

func (x *exchange) toStart() error { return x.redirect("") }
