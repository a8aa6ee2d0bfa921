package main

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Without JavaScript and without a mouse it works as well, all the way.
func TestBrowserWithKeyboardAlone(t *testing.T) {
	t.Parallel()
	p := startBrowser(t).visitor(t)
	s := startSite(t)
	s.add(t, "alice")
	p.withoutScripts()
	p.open(s.url)
	p.keys("alice", "\t", sitePassword, "\r")
	p.at("/2fa/enroll")
	device := p.scan()
	p.tabTo("#code")
	p.keys(device.code(), "\t", "\r")
	p.recoveryCodes()
	p.tabTo("#account")
	p.keys("\r")
	p.shows("Your devices", "Phone")
	p.tabTo("#signout")
	p.keys("\r")
	p.keys("alice", "\t", sitePassword, "\r")
	p.shows("Enter your code")
	p.keys(device.code(), "\r")
	p.shows("Your devices", "Phone")
}

// keys types; the last key sends a form or follows a link.
func (p *tab) keys(texts ...string) {
	p.Helper()
	last := len(texts) - 1
	if last > 0 { // the page puts the focus into its first field, some time after it has come
		p.until("the focus in a field", func(ctx context.Context) bool {
			focused, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.activeElement.matches("input")`))
			return err == nil && focused
		})
	}
	for _, text := range texts[:last] {
		if text == "\t" {
			do(p, "pressing Tab", chromedp.KeyEvent(text))
		} else {
			send(p, input.InsertText, input.InsertTextParams{Text: text})
		}
	}
	p.load("pressing Enter", chromedp.KeyEvent(texts[last]))
}

// tabTo presses Tab until something has the focus.
func (p *tab) tabTo(selector string) {
	p.Helper()
	for range 30 {
		do(p, "pressing Tab", chromedp.KeyEvent("\t"))
		if do(p, "reading the focus", chromedp.Evaluate[bool](`document.activeElement.matches("`+selector+`")`)) {
			return
		}
	}
	p.Fatalf("Tab doesn't lead to %s:\n%s", selector, p.describe())
}
