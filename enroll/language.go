package enroll

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/language"
)

const (
	languageCookie = "vpn-otpd-language"
	languageMaxAge = 365 * 24 * 60 * 60 // seconds
	// maxAcceptLanguage bounds what is parsed, in octets.
	maxAcceptLanguage = 512
)

// languageOf is the language that was chosen, or the best of those that the
// browser asks for.
func (t *texts) languageOf(r *http.Request) string {
	if cookie, err := r.Cookie(languageCookie); err == nil && t.catalogs[cookie.Value] != nil {
		return cookie.Value
	}
	asked := r.Header.Get("Accept-Language")
	if len(asked) > maxAcceptLanguage {
		return fallback
	}
	tags, _, err := language.ParseAcceptLanguage(asked)
	if err != nil {
		return fallback
	}
	_, index, _ := t.matcher.Match(tags...)
	return t.names[index].Code
}

// chooseLanguage keeps the language for this browser, and leads back.
func (x *exchange) chooseLanguage() error {
	chosen := x.field("language")
	if x.h.texts.catalogs[chosen] == nil {
		return problem{http.StatusBadRequest, "malformed"}
	}
	http.SetCookie(x.w, &http.Cookie{
		Name: languageCookie, Value: chosen, Path: x.h.base, MaxAge: languageMaxAge,
		Secure: x.h.options.URL.Scheme == "https", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return x.redirect(x.h.safeHere(x.field("page")))
}

// safeHere returns one of our pages that can be led back to; "" for any other.
func (h *Handler) safeHere(page string) string {
	path, query, _ := strings.Cut(page, "?")
	if path == "enroll" || looksLikeTicket(path) {
		return path
	}
	values, err := url.ParseQuery(query)
	if path != "" || err != nil || h.checkReturn(values.Get("return")) == nil {
		return ""
	}
	return "?" + url.Values{"return": {values.Get("return")}}.Encode()
}
