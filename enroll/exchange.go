package enroll

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"runtime/debug"
	"time"
)

// exchange is one request and its answer.
type exchange struct {
	h       *Handler
	w       http.ResponseWriter
	r       *http.Request
	arrived time.Time
	route   string
	from    netip.Addr
	// ctx carries the session; see openSession.
	ctx      context.Context
	visit    visit
	kept     visit // as it stands in the store
	loaded   loaded
	ended    bool // the session, in this exchange: nothing more is kept
	stated   stated
	known    bool // the first factor passed elsewhere
	language string
	text     catalog
	form     url.Values
	alert    template.HTML // what went wrong, in the visitor's language
	notice   string        // key of what was done
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{h: h, w: w, r: r, ctx: r.Context(), arrived: h.now(), route: "none",
		from: clientAddress(r, h.options.TrustedProxies, h.options.TrustedProxy != nil && h.options.TrustedProxy(r))}
	x.language = h.texts.languageOf(r)
	x.text = h.texts.catalogs[x.language]
	protect(w.Header())
	defer x.survive()
	err := error(problem{http.StatusForbidden, "cross_origin"})
	if h.origins.Check(r) == nil {
		err = x.dispatch()
	}
	if err != nil {
		x.fail(err)
	}
}

// protect sets what holds for every answer.
func protect(header http.Header) {
	for name, value := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; " +
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "no-store",
		// Not no-referrer: with it, browsers hide the origin of our own forms
		// too, and those that send no Sec-Fetch-Site could not be told from
		// another site.
		"Referrer-Policy": "same-origin",
	} {
		header.Set(name, value)
	}
}

// survive turns a panic into a page. What was thrown may hold what was typed,
// so only the runtime's own words are logged.
func (x *exchange) survive() {
	thrown := recover()
	if thrown == nil {
		return
	}
	if err, ok := thrown.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(thrown)
	}
	fault := fmt.Sprintf("%T", thrown)
	if known, ok := thrown.(runtime.Error); ok {
		fault = known.Error()
	}
	x.h.logger.Error("enrollment page panicked", "method", x.r.Method, "route", x.route, "fault", fault, "stack", string(debug.Stack()))
	x.showProblem(problem{http.StatusInternalServerError, "fault"})
}

// redirect leads on to another of our pages, after the session is kept.
func (x *exchange) redirect(path string) error {
	if err := x.keepSession(); err != nil {
		return err
	}
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.Header().Set("Location", x.h.base+path)
	x.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// warn says what went wrong, on the page that comes next.
func (x *exchange) warn(section, key string) {
	x.alert = template.HTML(template.HTMLEscapeString(x.text.of(section, key)))
}
