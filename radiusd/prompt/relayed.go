package prompt

import (
	"strings"
	"unicode"

	"vpn-otpd/radiusd/access"
)

// relayed is a question of the first factor's own, in its words, behind the
// client's first word and on one line; "": it has none.
func relayed(style Style, d access.Decision) string {
	if d.Reason != access.PasswordAsks {
		return ""
	}
	message := strings.Join(strings.Fields(strings.Map(visible, d.Message)), " ")
	if message = strings.TrimRight(message, ": "); message == "" {
		return ""
	}
	if style.Word != "" && !strings.HasPrefix(message, style.Word) {
		message = style.Word + ending + message
	}
	return cut(message, maxOctets-len(ending)) + ending
}

// visible keeps what a terminal shows, and makes a blank of anything else.
func visible(r rune) rune {
	if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
		return ' '
	}
	return r
}
