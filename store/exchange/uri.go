package exchange

import (
	"io"
	"net/url"
	"strings"
)

// URIs reads otpauth URIs, one a line, as authenticator apps and QR codes have
// them (the key URI format). The user's name is what follows the last colon of
// the label; the issuer isn't kept.
func URIs(source io.Reader) (Batch, error) {
	c := newCollector()
	err := eachLine(source, c, func(place, line string) {
		name, d, fault := parseURI(strings.TrimSpace(line))
		if fault != "" {
			c.skip(place, name, fault)
			return
		}
		d.Place = place
		c.device(name, d)
	})
	return c.finish(err)
}

// parseURI reads one URI. The errors of net/url quote what they don't
// understand, so they go no further.
func parseURI(text string) (name string, d Device, fault string) {
	uri, err := url.Parse(text)
	if err != nil || !strings.EqualFold(uri.Scheme, "otpauth") {
		return "", Device{}, "not an otpauth URI"
	}
	query, err := url.ParseQuery(uri.RawQuery)
	if err != nil || uri.Opaque != "" {
		return "", Device{}, "not an otpauth URI"
	}
	name = labelUser(strings.TrimPrefix(uri.Path, "/"))
	switch {
	case strings.EqualFold(uri.Host, "hotp"):
		return name, Device{}, faultEvent
	case !strings.EqualFold(uri.Host, "totp"):
		return name, Device{}, "the URI's kind isn't totp"
	}
	for _, parameter := range []string{"secret", "algorithm", "digits", "period"} {
		if len(query[parameter]) > 1 {
			return name, Device{}, faultTwice
		}
	}
	d = Device{Algorithm: algorithmNamed(query.Get("algorithm")),
		Digits: numberOr(query.Get("digits"), defaultDigits), Period: numberOr(query.Get("period"), defaultPeriod)}
	d.Secret, fault = decodeBase32(query.Get("secret"))
	return name, d, fault
}

// labelUser is the user of a label "issuer:user" or "user".
func labelUser(label string) string {
	return strings.TrimLeft(label[strings.LastIndexByte(label, ':')+1:], " ")
}
