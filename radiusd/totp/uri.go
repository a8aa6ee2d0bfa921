package totp

import (
	"fmt"
	"net/url"
	"strings"
)

// URI is what the QR code of an enrollment says. The host is the issuer, and a
// colon in host or user becomes '_', for it parts the two. Parameters that every
// app takes for granted are left out, as some apps refuse them.
func URI(host, user string, k Key) string {
	var uri strings.Builder
	fmt.Fprintf(&uri, "otpauth://totp/%s:%s?secret=%s&issuer=%s", labelPart(host), labelPart(user), FormatSecret(k.Secret), labelPart(host))
	if k.Algorithm != "SHA1" {
		fmt.Fprintf(&uri, "&algorithm=%s", k.Algorithm)
	}
	if k.Digits != 6 {
		fmt.Fprintf(&uri, "&digits=%d", k.Digits)
	}
	if k.Period != 30 {
		fmt.Fprintf(&uri, "&period=%d", k.Period)
	}
	return uri.String()
}

// labelPart percent-encodes everything that could end the part. A blank is %20:
// apps show a plus sign as it stands.
func labelPart(text string) string {
	return strings.ReplaceAll(url.QueryEscape(strings.ReplaceAll(text, ":", "_")), "+", "%20")
}
