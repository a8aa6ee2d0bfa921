package enroll

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// maxReturn is how many octets a return address may have.
const maxReturn = 1024

// returnRule is an address that ?return= may lead to, and what is below it.
type returnRule struct{ scheme, host, path string }

func parseReturns(addresses []string) ([]returnRule, error) {
	var rules []returnRule
	for _, address := range addresses {
		u, ok := plainURL(address)
		if !ok || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("%q can't be a return address: it must be https://HOST/PATH, without user, query, fragment and percent signs", address)
		}
		rules = append(rules, returnRule{u.Scheme, hostOf(u), strings.TrimSuffix(u.Path, "/")})
	}
	return rules, nil
}

// checkReturn returns a return address that may be linked to, or nil. Whatever
// two readers could take for different addresses is refused.
func (h *Handler) checkReturn(address string) *url.URL {
	u, ok := plainURL(address)
	if !ok {
		return nil
	}
	for _, rule := range h.returns {
		if u.Scheme == rule.scheme && hostOf(u) == rule.host && (u.Path == rule.path || strings.HasPrefix(u.Path, rule.path+"/")) {
			return u
		}
	}
	return nil
}

// plainURL parses an http or https address that all readers read alike.
func plainURL(address string) (*url.URL, bool) {
	if len(address) > maxReturn || strings.ContainsFunc(address, notPlain) {
		return nil, false
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "" || u.User != nil || u.Hostname() == "" {
		return nil, false
	}
	if strings.ContainsAny(u.EscapedPath(), "%;") || strings.Contains(u.Path, "//") {
		return nil, false
	}
	for _, segment := range strings.Split(u.Path, "/") {
		if segment == "." || segment == ".." {
			return nil, false
		}
	}
	return u, true
}

func notPlain(r rune) bool { return r == '\\' || r > unicode.MaxASCII || r <= ' ' || r == 0x7f }

// hostOf is host and port, the scheme's own port left out.
func hostOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}
