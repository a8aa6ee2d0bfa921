package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong, or only doubtful, in a configuration file.
type Fault struct {
	File string
	Line int    // 0: the file as a whole
	Key  string // such as radius.client[0].mode; "": a line that can't be read
	Text string // what is wrong and what would be right; never a secret
}

func (f Fault) String() string {
	place := f.File
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	if f.Key == "" {
		return place + ": " + f.Text
	}
	return place + ": " + f.Key + ": " + f.Text
}

// Faults are all that is wrong in a configuration file, by line.
type Faults []Fault

func (f *Faults) Error() string {
	lines := make([]string, len(*f))
	for i, fault := range *f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Warning is what is allowed but should be looked at.
type Warning = Fault

func byLine(faults []Fault) {
	slices.SortStableFunc(faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
}

// closest is the word that was meant, if one is near; "": none.
func closest(word string, words []string) string {
	best, distance := "", 3
	for _, candidate := range words {
		if d := editDistance(word, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// editDistance counts the letters to add, drop or change.
func editDistance(a, b string) int {
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		current := make([]int, len(b)+1)
		current[0] = i + 1
		for j := range len(b) {
			change := previous[j]
			if a[i] != b[j] {
				change++
			}
			current[j+1] = min(change, previous[j+1]+1, current[j]+1)
		}
		previous = current
	}
	return previous[len(b)]
}
