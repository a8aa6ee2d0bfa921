package man

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	tableLine = regexp.MustCompile(`^\s*\[+([a-z.]+)\]+$`)
	keyLine   = regexp.MustCompile(`^ *([a-z0-9_]+) = (.*)$`)
	remark    = regexp.MustCompile(`\s{2,}# (.*)$`)
	continued = regexp.MustCompile(`^ {15,}# (.*)$`)
)

// Configuration describes each table and key of a commented TOML file: what
// stands above a key, or behind it, is about the key and those that follow it
// without an empty line between.
func Configuration(content string) string {
	p := &page{}
	for _, line := range strings.Split(content, "\n") {
		line = strings.TrimPrefix(line, "#")
		line = strings.TrimPrefix(line, " ")
		p.line(line)
	}
	p.flush()
	return p.String()
}

// page is what was read so far, and the block that is being read.
type page struct {
	strings.Builder
	prose []string
	keys  []key
}

type key struct{ name, value, about string }

func (p *page) line(line string) {
	if match := tableLine.FindStringSubmatch(line); match != nil {
		p.flush()
		name := match[1]
		if strings.Contains(line, "[[") {
			name = "[" + name + "]"
		}
		fmt.Fprintf(p, ".Ss %s\n", argument("["+name+"]"))
		return
	}
	if match := continued.FindStringSubmatch(line); match != nil && len(p.keys) > 0 {
		last := &p.keys[len(p.keys)-1]
		between := "\n"
		if strings.HasPrefix(match[1], `"`) { // another value
			between = "\n\n"
		}
		last.about += between + match[1]
		return
	}
	if match := keyLine.FindStringSubmatch(line); match != nil {
		k := key{name: match[1], value: match[2]}
		if behind := remark.FindStringSubmatchIndex(k.value); behind != nil {
			k.value, k.about = k.value[:behind[0]], k.value[behind[2]:behind[3]]
		}
		p.keys = append(p.keys, k)
		return
	}
	if strings.TrimSpace(line) == "" {
		p.flush()
		return
	}
	if len(p.keys) > 0 {
		p.flush()
	}
	p.prose = append(p.prose, line)
}

// flush writes the block: prose alone, or keys with what is said of them.
func (p *page) flush() {
	prose := Text(strings.Join(p.prose, "\n"))
	if len(p.keys) == 0 {
		if len(p.prose) > 0 {
			if p.Len() > 0 { // not below a heading of the source
				p.WriteString(".Pp\n")
			}
			p.WriteString(prose)
		}
		p.prose = nil
		return
	}
	p.WriteString(".Bl -tag -width Ds\n")
	for i, k := range p.keys {
		fmt.Fprintf(p, ".It Ic %s No = Li %s\n", k.name, argument(k.value))
		p.WriteString(Text(k.about))
		if i == len(p.keys)-1 {
			p.WriteString(prose)
		}
	}
	p.WriteString(".El\n")
	p.prose, p.keys = nil, nil
}
