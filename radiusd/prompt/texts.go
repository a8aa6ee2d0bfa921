// Package prompt writes what users read in RADIUS challenges and rejects, in
// their language and in the words of each client.
//
// It promises that a text fits one Reply-Message (253 octets), that a challenge
// begins with the first word of its client and ends in ": ", that an address or
// a secret stands there whole or not at all, and that a stranger learns nothing
// from a reject. It never repeats anything that a client sent.
package prompt

import (
	"fmt"
	"strings"
	"time"

	"vpn-otpd/radiusd/access"
)

// fallback is the language of styles that name none.
const fallback = "en"

// Texts are the texts of all languages. Its methods may be used in parallel.
type Texts struct {
	catalogs map[string]catalog
	now      func() time.Time
	zone     *time.Location
}

// New reads the texts that the program carries.
func New() (*Texts, error) {
	t := &Texts{catalogs: make(map[string]catalog), now: time.Now, zone: time.Local}
	for _, language := range Languages() {
		c, err := readCatalog(language)
		if err != nil {
			return nil, err
		}
		t.catalogs[language] = c
	}
	return t, nil
}

// Text is what a decision says to the user; "": nothing.
func (t *Texts) Text(style Style, d access.Decision) string {
	c, known := t.catalogs[style.Language]
	if !known {
		c = t.catalogs[fallback]
	}
	switch d.Verdict {
	case access.Challenge:
		if text := relayed(style, d); text != "" {
			return text
		}
		return compose(style, c, []string{firstUse(style, c, d), t.ask(c, d)}, t.hints(style, c, d))
	case access.Reject:
		return cut(t.refuse(style, c, d), maxOctets)
	}
	return ""
}

// ask is the question by itself, without an address or a secret.
func (t *Texts) ask(c catalog, d access.Decision) string {
	switch d.Reason {
	case access.CodeWrong, access.EnrollmentWrong:
		return c.CodeWrong
	case access.CodeUsed:
		return c.CodeUsed
	case access.CodeMalformed:
		return c.CodeMalformed
	case access.PasswordAsks:
		return c.PasswordAsks
	case access.Locked, access.LockedCodeRight:
		return t.locked(c, d.LockedUntil)
	}
	return c.CodeNeeded
}

// refuse tells more than "failed" only to those whose password was right, and
// never a ticket or a secret: what they belong to ends with the challenge.
func (t *Texts) refuse(style Style, c catalog, d access.Decision) string {
	switch d.Reason {
	case access.CodeWrong, access.CodeUsed, access.CodeMalformed, access.CodeNeeded, access.Locked, access.LockedCodeRight,
		access.EnrollmentWrong:
		question, _ := splitEnding(t.ask(c, d))
		return question + "."
	case access.EnrollmentRequired, access.EnrollmentNotBegun:
		if style.EnrollURL != "" {
			return whole(maxOctets, fmt.Sprintf(c.EnrollmentRequiredAt, style.EnrollURL), c.EnrollmentRequired)
		}
		return c.EnrollmentRequired
	case access.EnrollmentClosed:
		return c.EnrollmentClosed
	case access.PasswordExpired:
		return c.PasswordExpired
	case access.AccountLocked:
		return c.AccountLocked
	}
	return c.Failed
}

// hints are the parts of a challenge that give way where they don't fit, the
// most useful first, each in its wordings, the fullest first.
func (t *Texts) hints(style Style, c catalog, d access.Decision) [][]string {
	var hints [][]string
	if d.TriesLeft == 1 && repeated(d.Reason) {
		hints = append(hints, []string{c.LastTry})
	}
	if by := t.enrollBy(style, c, d); by != nil {
		hints = append(hints, by)
	}
	if support := strings.TrimSpace(style.Support); support != "" {
		hints = append(hints, []string{support})
	}
	return hints
}

// repeated says whether an answer came before this challenge, and the next one counts.
func repeated(reason access.Reason) bool {
	switch reason {
	case access.CodeWrong, access.CodeUsed, access.CodeMalformed, access.EnrollmentNotBegun, access.EnrollmentWrong:
		return true
	}
	return false
}
