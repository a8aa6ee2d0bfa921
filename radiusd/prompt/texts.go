// Package prompt writes what users read in RADIUS challenges and rejects, in
// their language and in the words of each client.
//
// It promises that a text fits one Reply-Message (253 octets), that a challenge
// begins with the first word of its client and ends in ": ", and that a stranger
// learns nothing from a reject. It never repeats anything that a client sent.
package prompt

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"vpn-otpd/radiusd/access"
)

//go:embed locales/*.toml
var locales embed.FS

// catalog is one language.
type catalog struct {
	Word               string `toml:"word"`
	Date               string `toml:"date"`
	Time               string `toml:"time"`
	CodeNeeded         string `toml:"code_needed"`
	CodeWrong          string `toml:"code_wrong"`
	CodeUsed           string `toml:"code_used"`
	CodeMalformed      string `toml:"code_malformed"`
	Locked             string `toml:"locked"`
	LockedUntil        string `toml:"locked_until"`
	Failed             string `toml:"failed"`
	EnrollmentRequired string `toml:"enrollment_required"`
}

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
		var c catalog
		data, err := locales.ReadFile("locales/" + language + ".toml")
		if err != nil {
			return nil, err
		}
		meta, err := toml.Decode(string(data), &c)
		if err != nil {
			return nil, fmt.Errorf("texts of %s: %w", language, err)
		}
		if unknown := meta.Undecoded(); len(unknown) > 0 {
			return nil, fmt.Errorf("texts of %s: unknown key %s", language, unknown[0])
		}
		t.catalogs[language] = c
	}
	return t, nil
}

// Languages are the languages that there are texts in, in order.
func Languages() []string {
	files, err := fs.Glob(locales, "locales/*.toml")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	languages := make([]string, len(files))
	for i, file := range files {
		languages[i] = strings.TrimSuffix(path.Base(file), ".toml")
	}
	return languages
}

// Text is what a decision says to the user; "": nothing.
func (t *Texts) Text(style Style, d access.Decision) string {
	c, known := t.catalogs[style.Language]
	if !known {
		c = t.catalogs[fallback]
	}
	switch d.Verdict {
	case access.Challenge:
		return compose(style, c, t.ask(c, d))
	case access.Reject:
		return cut(t.refuse(c, d), maxOctets)
	}
	return ""
}

func (t *Texts) ask(c catalog, d access.Decision) string {
	switch d.Reason {
	case access.CodeWrong:
		return c.CodeWrong
	case access.CodeUsed:
		return c.CodeUsed
	case access.CodeMalformed:
		return c.CodeMalformed
	case access.Locked, access.LockedCodeRight:
		return t.locked(c, d.LockedUntil)
	}
	return c.CodeNeeded
}

// refuse tells more than "failed" only to those whose password was right.
func (t *Texts) refuse(c catalog, d access.Decision) string {
	switch d.Reason {
	case access.CodeWrong, access.CodeUsed, access.CodeMalformed, access.CodeNeeded, access.Locked, access.LockedCodeRight:
		return strings.TrimRight(t.ask(c, d), ": \u00a0") + "."
	case access.EnrollmentRequired:
		return c.EnrollmentRequired
	}
	return c.Failed
}

func (t *Texts) locked(c catalog, until time.Time) string {
	if until.IsZero() {
		return c.Locked
	}
	until, today := until.In(t.zone), t.now().In(t.zone)
	// Up to the minute in which it is over, not the one before.
	until = until.Add(time.Minute - 1).Truncate(time.Minute)
	layout := c.Date
	if until.Format(time.DateOnly) == today.Format(time.DateOnly) {
		layout = c.Time
	}
	return fmt.Sprintf(c.LockedUntil, until.Format(layout))
}
