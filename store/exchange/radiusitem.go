package exchange

import "strings"

// item is one check item. Once in an entry, the attribute is in lower case.
type item struct{ attribute, operator, value, place string }

// operators, longer ones first: ":=", "+=", "^=" and "=" set the attribute, all
// others compare with the request.
var operators = []string{":=", "+=", "^=", "-=", "==", "!=", ">=", "<=", "=~", "!~", "=*", "!*", "=", ">", "<"}

func sets(operator string) bool {
	return operator == ":=" || operator == "=" || operator == "+=" || operator == "^="
}

// cutItem reads one check item from the start of a text.
func cutItem(text string) (i item, rest string, ok bool) {
	end := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(attributeLetters, r) })
	if end <= 0 {
		return item{}, "", false
	}
	i.attribute, rest = text[:end], strings.TrimLeft(text[end:], " \t")
	for _, operator := range operators {
		if after, found := strings.CutPrefix(rest, operator); found {
			i.operator, rest = operator, strings.TrimLeft(after, " \t")
			break
		}
	}
	if i.operator == "" {
		return item{}, "", false
	}
	i.value, rest, ok = cutWord(rest)
	return i, rest, ok
}

const attributeLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./&"

// cutWord reads a word from the start of a text: in quotes, or up to a blank or
// a comma.
func cutWord(text string) (word, rest string, ok bool) {
	if text == "" {
		return "", "", false
	}
	if quote := text[0]; quote == '"' || quote == '\'' {
		return cutQuoted(text[1:], quote)
	}
	end := strings.IndexAny(text, " \t,")
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:], end > 0
}

// cutQuoted reads up to the quote that closes. Double quotes know the escapes of
// C, single quotes only those of the quote and the backslash itself.
func cutQuoted(text string, quote byte) (word, rest string, ok bool) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			return out.String(), text[i+1:], true
		case c != '\\' || i+1 == len(text):
			out.WriteByte(c)
		default:
			octet, used := unescape(text[i+1:], quote)
			if used == 0 {
				out.WriteByte(c)
				continue
			}
			out.WriteByte(octet)
			i += used
		}
	}
	return "", "", false
}

// unescape reads what follows a backslash; used is 0 where that is no escape.
func unescape(text string, quote byte) (octet byte, used int) {
	if c := text[0]; c == quote || c == '\\' {
		return c, 1
	}
	if quote == '\'' {
		return 0, 0
	}
	switch text[0] {
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	}
	if len(text) < 3 || text[0] > '3' {
		return 0, 0
	}
	var octal byte
	for _, digit := range []byte(text[:3]) {
		if digit < '0' || '7' < digit {
			return 0, 0
		}
		octal = octal<<3 | digit - '0'
	}
	return octal, 3
}
