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

// compose makes a challenge: the client's first word, the first of the questions
// that fits, and of each hint the first wording that still fits.
func compose(style Style, c catalog, questions []string, hints [][]string) string {
	word := ""
	if style.Word != "" && style.Word != c.Word {
		word = style.Word + ending
	}
	question, end := splitEnding(whole(maxOctets-len(word), questions...))
	text := word + question
	for _, wordings := range hints {
		for _, wording := range wordings {
			if hint := " (" + wording + ")"; len(text)+len(hint)+len(end) <= maxOctets {
				text += hint
				break
			}
		}
	}
	return cut(text, maxOctets-len(end)) + end
}

// whole returns the first text that is there and has at most so many octets, the
// last one if none has.
func whole(most int, texts ...string) string {
	for _, text := range texts {
		if text != "" && len(text) <= most {
			return text
		}
	}
	return texts[len(texts)-1]
}

// splitEnding takes the colon and the blanks off a question; French has one
// before it as well.
func splitEnding(text string) (question, end string) {
	question = strings.TrimRight(text, ": \u00a0")
	return question, text[len(question):]
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
