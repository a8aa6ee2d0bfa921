package notice

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// Actors of notices that are neither the user nor an administrator by name.
const (
	actorSelf    = "self"
	actorUnknown = "unknown"
)

// texts are the words of one site in one language.
type texts struct {
	catalog catalog
	site    string
	url     string
	support string
	zone    *time.Location
}

func newTexts(o Options) (*texts, error) {
	c, err := readCatalog(o.Language)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, line := range []struct{ name, text string }{{"site", o.Site}, {"url", o.URL}, {"support", o.Support}} {
		if plain(line.text, maxLine) != line.text {
			faults = append(faults, fmt.Errorf("%s: %w", line.name, errNotPlain))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return &texts{catalog: c, site: o.Site, url: o.URL, support: o.Support, zone: time.Local}, nil
}

// maxLine bounds what is put into a text, in characters.
const maxLine = 500

var errNotPlain = errors.New("it must be one line of at most 500 characters")

// plain makes one line of a value that others wrote.
func plain(text string, most int) string {
	var line strings.Builder
	count := 0
	for _, r := range text {
		if !unicode.IsGraphic(r) || r == unicode.ReplacementChar {
			continue
		}
		if count++; count > most {
			break
		}
		line.WriteRune(r)
	}
	return line.String()
}

// compose writes the subject and the text of a mail.
func (t *texts) compose(n store.Notice) (subject, text string) {
	words, known := t.catalog.Events[n.Event]
	if !known {
		words = t.catalog.Events[anyEvent]
	}
	paragraphs := []string{
		strings.ReplaceAll(words.Text, "{site}", t.site),
		t.facts(n),
		t.advice(n),
		t.catalog.Automatic,
	}
	return words.Subject + " (" + t.site + ")", strings.Join(paragraphs, "\n\n") + "\n"
}

// facts are the lines that say when, what, from where and by whom.
func (t *texts) facts(n store.Notice) string {
	c := t.catalog
	lines := []string{
		c.Time + " " + n.At.In(t.zone).Format(c.Date+" MST"),
		c.Account + " " + plain(n.User, maxLine),
	}
	for _, fact := range []struct{ name, value string }{
		{c.Device, n.Device}, {c.Address, n.Address}, {c.Actor, t.actor(n)},
	} {
		if value := plain(fact.value, maxLine); value != "" {
			lines = append(lines, fact.name+" "+value)
		}
	}
	return strings.Join(lines, "\n")
}

// actor doesn't name administrators: users have their support to ask.
func (t *texts) actor(n store.Notice) string {
	switch n.Actor {
	case "", actorUnknown:
		return ""
	case actorSelf:
		return t.catalog.Self
	}
	return t.catalog.Administrator
}

// advice says what to do if something is wrong.
func (t *texts) advice(n store.Notice) string {
	advice := t.catalog.NotExpected
	if t.actor(n) != t.catalog.Administrator {
		advice = t.catalog.NotYou
	}
	lines := []string{advice}
	if t.support != "" {
		lines = append(lines, t.support)
	}
	if t.url != "" && n.Event != access.EventUserDisabled { // who couldn't sign in there
		lines = append(lines, t.catalog.Page+" "+t.url)
	}
	return strings.Join(lines, "\n")
}
