package man

import (
	"regexp"
	"strings"
)

// Text is a help text as mdoc: an empty line ends a paragraph, indented lines
// stay as they are.
func Text(text string) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if i > 0 {
			b.WriteString(".Pp\n")
		}
		var literal []string
		for _, line := range strings.Split(paragraph, "\n") {
			if strings.HasPrefix(line, "  ") {
				literal = append(literal, line)
				continue
			}
			writeLiteral(&b, literal)
			literal = nil
			writeProse(&b, line)
		}
		writeLiteral(&b, literal)
	}
	return b.String()
}

// A sentence begins on a line of its own, so that the formatter can space it.
var sentenceEnd = regexp.MustCompile(`([a-zA-Z0-9)"\]][.?]) +(["\[]?[A-Z])`)

func writeProse(b *strings.Builder, line string) {
	line = strings.TrimSpace(line)
	if line == "" {
		return
	}
	for _, part := range strings.Split(sentenceEnd.ReplaceAllString(line, "$1\n$2"), "\n") {
		b.WriteString(escape(part) + "\n")
	}
}

func writeLiteral(b *strings.Builder, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString(".Bd -literal -offset indent -compact\n")
	for _, line := range lines {
		b.WriteString(escape(strings.TrimPrefix(line, "  ")) + "\n")
	}
	b.WriteString(".Ed\n")
}

// escape keeps the formatter from seeing commands in a line of text.
func escape(line string) string {
	line = strings.ReplaceAll(line, `\`, `\e`)
	line = strings.NewReplacer("--", `\-\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(line)
	if strings.HasPrefix(line, ".") {
		line = `\&` + line
	}
	return line
}

// argument is one argument of a macro.
func argument(text string) string {
	return `"` + strings.ReplaceAll(escape(text), `"`, `\(dq`) + `"`
}
