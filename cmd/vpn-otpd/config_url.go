package main

import (
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strings"

	"vpn-otpd/radiusd/prompt"
)

// enrollURL is what users open, nil where there is no page.
func (l *loader) enrollURL(w enrollConfig) *url.URL {
	if w.URL == "" {
		return nil
	}
	address, fault := webAddress(w.URL)
	switch {
	case fault != "":
	case len(w.URL) > prompt.MaxEnrollURL:
		fault = fmt.Sprintf("it is too long: prompts show it, and have room for %d octets", prompt.MaxEnrollURL)
	case !strings.HasSuffix(address.Path, "/"):
		fault = `it must end in "/"`
	case w.Certificate != "" && address.Scheme != "https":
		fault = "with a certificate the page is served by https"
	default:
		return address
	}
	l.fault("enroll.url", "%q: %s", w.URL, fault)
	return nil
}

// returnFault says what is wrong with an address to return to; "": nothing.
func returnFault(text string) string {
	if len(text) > maxReturn {
		return "it is too long"
	}
	_, fault := webAddress(text)
	return fault
}

// webAddress reads an address that browsers are led to. It is https, or http
// where it stays on this machine, and nothing in it can be read in two ways.
func webAddress(text string) (*url.URL, string) {
	const wanted = `an address is expected, such as "https://vpn.example.org/"`
	address, err := url.Parse(text)
	switch {
	case err != nil, address.Host == "", address.Hostname() == "", address.Opaque != "", !plainASCII(text):
		return nil, wanted
	case address.Scheme != "https" && address.Scheme != "http":
		return nil, wanted
	case address.Scheme == "http" && !loopbackHost(address.Hostname()):
		return nil, "http is for loopback only: https is expected"
	case address.User != nil, address.RawQuery != "", address.ForceQuery, strings.Contains(text, "#"):
		return nil, "it has no user, query or fragment"
	case address.Host != strings.ToLower(address.Host), address.Scheme == "https" && address.Port() == "443", address.Scheme == "http" && address.Port() == "80":
		return nil, "its plain form is expected: the host in small letters, without the port that is meant anyway"
	case strings.Contains(text, ";"): // it would cut a cookie's path
		return nil, "it can't have a semicolon"
	case address.String() != text, address.RawPath != "", strings.Contains(text, "%"), !cleanPath(address.Path):
		return nil, "its plain form is expected, without percent signs, dot segments or doubled slashes"
	}
	return address, ""
}

func cleanPath(written string) bool {
	return written == "" || written == "/" || path.Clean(written) == strings.TrimSuffix(written, "/") && written != "//"
}

func plainASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' || r == '"' })
}

func loopbackHost(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}
