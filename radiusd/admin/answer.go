package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// nothing stands for no body in a request and none in an answer.
type nothing struct{}

// question is who asks, and about what.
type question struct {
	actor    store.Actor
	helpdesk bool // not an administrator
	*http.Request
}

// name is the user that the path names, as typed.
func (q question) name() string { return q.PathValue("name") }

// answer makes a handler of one call: decode, call, encode or map the error.
// The call knows the query parameters named, and no others.
func answer[In, Out any](s *Server, status int, call func(context.Context, question, In) (Out, error), parameters ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, ok := r.Context().Value(peerKey{}).(Peer)
		if !ok {
			s.fail(w, r, &forbiddenError{"who you are is not known"})
			return
		}
		var in In
		if err := errors.Join(checkQuery(r.URL.RawQuery, parameters), decode(w, r, &in)); err != nil {
			s.fail(w, r, err)
			return
		}
		out, err := call(r.Context(), question{actor: peer.actor(), helpdesk: s.roles().Of(peer) < Administrator, Request: r}, in)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if status == http.StatusNoContent {
			w.WriteHeader(status)
			return
		}
		writeJSON(w, status, out)
	})
}

// fail tells a refusal, and logs a fault.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, problem := s.answerTo(r, err)
	writeProblem(w, status, problem)
}

// problem is fail for an answer that has begun.
func (s *Server) problem(r *http.Request, err error) Problem {
	_, problem := s.answerTo(r, err)
	return problem
}

func (s *Server) answerTo(r *http.Request, err error) (status int, problem Problem) {
	var refusal *access.Refusal
	var forbidden *forbiddenError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &forbidden):
		return http.StatusForbidden, Problem{forbidden.text, KindForbidden}
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, Problem{fmt.Sprintf("the request is longer than %d octets", tooLarge.Limit), KindTooLarge}
	case errors.As(err, &refusal):
		status, known := refusalStatus(refusal.Kind)
		if !known {
			s.Log.Error("refusal of an unknown kind", "kind", refusal.Kind)
		}
		return status, Problem{refusal.Text, string(refusal.Kind)}
	}
	s.Log.Error("admin request failed", "method", r.Method, "route", r.Pattern, "err", err)
	return http.StatusInternalServerError, faultProblem
}

func refusalStatus(kind access.RefusalKind) (status int, known bool) {
	switch kind {
	case access.RefusedInvalid:
		return http.StatusBadRequest, true
	case access.RefusedMissing:
		return http.StatusNotFound, true
	case access.RefusedExists, access.RefusedRule:
		return http.StatusConflict, true
	}
	return http.StatusConflict, false
}

func invalid(format string, arguments ...any) error {
	return &access.Refusal{Kind: access.RefusedInvalid, Text: fmt.Sprintf(format, arguments...)}
}

// decode reads one JSON object and nothing after it, or, for nothing, no body
// at all. Its errors never repeat a value: that may be a password.
func decode[In any](w http.ResponseWriter, r *http.Request, in *In) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return invalid("the request did not arrive whole")
	}
	if _, bodiless := any(in).(*nothing); bodiless {
		if len(body) > 0 {
			return invalid("this request has no body")
		}
		return nil
	}
	// encoding/json would put U+FFFD in the place of such octets, silently.
	if !utf8.Valid(body) {
		return invalid("the request is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(in); err != nil {
		return invalid("%s", decodeFault(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return invalid("more than one JSON object in the request")
	}
	return nil
}

func decodeFault(err error) string {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return "the request is not a JSON object"
	case errors.As(err, &wrongType):
		return fmt.Sprintf("the field %q is of the wrong type", wrongType.Field)
	case errors.As(err, &syntax):
		return fmt.Sprintf("the request is not JSON at octet %d", syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the request ends before its JSON object does"
	}
	if field, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return "the field " + field + " is not known"
	}
	return "the request can't be read"
}

// checkQuery refuses query parameters that the route does not know, and repeated ones.
func checkQuery(query string, known []string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return invalid("the query can't be read")
	}
	for parameter, given := range values {
		if !slices.Contains(known, parameter) {
			return invalid("the parameter %q is not known", parameter)
		}
		if len(given) > 1 {
			return invalid("the parameter %q is given twice", parameter)
		}
	}
	return nil
}

func writeProblem(w http.ResponseWriter, status int, problem Problem) {
	writeJSON(w, status, problem)
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil { // none of our types can fail, but for a time beyond year 9999
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer can't be written","kind":"fault"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
