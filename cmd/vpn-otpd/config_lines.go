package main

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	tableLine = regexp.MustCompile(`^\s*(\[\[?)\s*([A-Za-z0-9_.\s"'-]+?)\s*\]\]?\s*(?:#.*)?$`)
	keyLine   = regexp.MustCompile(`^\s*([A-Za-z0-9_.:"'-]+(?:\s*\.\s*[A-Za-z0-9_:"'-]+)*)\s*=`)
)

// keyLines finds the line on which each key and table of a TOML file stands,
// under names such as radius.client[0].mode. The parser has read the file
// before, so this need not know the whole of TOML: what it misses is named by
// its table's line.
func keyLines(text string) map[string]int {
	lines := make(map[string]int)
	counts := make(map[string]int)
	table := ""
	for i, line := range strings.Split(text, "\n") {
		if match := tableLine.FindStringSubmatch(line); match != nil {
			table = within(plainKey(match[2]), counts)
			if match[1] == "[[" {
				name := table
				table = fmt.Sprintf("%s[%d]", name, counts[name])
				counts[name]++
			}
			lines[table] = i + 1
			continue
		}
		if match := keyLine.FindStringSubmatch(line); match != nil {
			key := plainKey(match[1])
			if table != "" {
				key = table + "." + key
			}
			if lines[key] == 0 {
				lines[key] = i + 1
			}
		}
	}
	return lines
}

// within gives a table the place of the list's table that it belongs to, which is
// the last one so far: below [[a]], [a.b] is a[0].b.
func within(table string, counts map[string]int) string {
	for at, letter := range table {
		if count := counts[table[:at]]; letter == '.' && count > 0 {
			return fmt.Sprintf("%s[%d]%s", table[:at], count-1, table[at:])
		}
	}
	return table
}

func plainKey(written string) string {
	return strings.NewReplacer(" ", "", "\t", "", `"`, "", "'", "").Replace(written)
}
