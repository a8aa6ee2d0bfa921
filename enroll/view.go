package enroll

import (
	"fmt"
	"html/template"
	"net/url"
	"time"
)

// view is what every page can show.
type view struct {
	Title    string
	Content  any
	Language string
	T        catalog
	Base     string
	Style    string
	Site     string
	Support  string
	Alert    template.HTML // what went wrong
	Notice   string        // what was done
	User     string        // who is signed in, "": nobody
	Here     string        // this page, for the switch of languages; see safeHere
	Switch   []languageName
	zone     *time.Location
}

// fill adds what is the same on all pages.
func (v *view) fill(x *exchange) {
	v.Language, v.T, v.Alert, v.zone = x.language, x.text, x.alert, x.h.zone
	v.Base, v.Style, v.Site, v.Support = x.h.base, x.h.style.name, x.h.options.Site, x.h.options.Support
	v.User = x.visit.Pass.User
	if x.notice != "" {
		v.Notice = x.text.of("notice", x.notice)
	}
	if here, ok := v.Content.(interface{ here() string }); ok {
		v.Here = here.here()
	}
	if _, once := v.Content.(codesPage); !once { // a switch would lose the page
		v.Switch = x.h.texts.names
	}
}

// moment is a time as the page writes it.
type moment struct{ ISO, Text string }

// Time writes a time in the server's zone.
func (v *view) Time(t time.Time) moment {
	t = t.In(v.zone)
	return moment{t.Format(time.RFC3339), t.Format(v.T.of("language", "date"))}
}

// Sentence puts a time into a text that has one %s.
func (v *view) Sentence(text string, t time.Time) template.HTML {
	m := v.Time(t)
	return template.HTML(fmt.Sprintf(template.HTMLEscapeString(text),
		`<time datetime="`+m.ISO+`">`+template.HTMLEscapeString(m.Text)+`</time>`))
}

// link is a link to a return address that was checked.
type link struct {
	Host string
	URL  template.URL
}

func linkTo(u *url.URL) *link {
	if u == nil {
		return nil
	}
	return &link{Host: u.Host, URL: template.URL(u.String())} // http or https, from the list
}
