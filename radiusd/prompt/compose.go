package prompt

import (
	"strings"
	"unicode/utf8"
)

// maxOctets is what one Reply-Message holds (RFC 2865, section 5.18).
const maxOctets = 253

// ending is how a challenge ends: clients show it as it is, and pam_radius adds
// nothing.
const ending = ": "

// compose makes a challenge of a text: the client's first word before it, the
// line of support behind it where it fits, and never too long.
func compose(style Style, c catalog, text string) string {
	if style.Word != "" && style.Word != c.Word {
		text = style.Word + ending + text
	}
	text = strings.TrimSuffix(text, ending)
	if style.Support != "" {
		if longer := text + " (" + style.Support + ")"; len(longer)+len(ending) <= maxOctets {
			text = longer
		}
	}
	return cut(text, maxOctets-len(ending)) + ending
}

// cut shortens a text to a number of octets, between two characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
