package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// do runs one action with patience; the test ends where it fails.
func do[T any](p *tab, what string, action chromedp.Action[T]) T {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		p.Fatalf("%s: %v\n%s", what, err, p.describe())
	}
	return result
}

// describe says what is shown, for a test that failed.
func (p *tab) describe() string {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	address, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	return address + "\n" + text
}

// load does what makes another page load, and returns its HTTP status.
func (p *tab) load(what string, action chromedp.Action[chromedp.Void]) int {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, action)
	if err != nil || response == nil {
		p.Fatalf("%s: no page came of it: %v\n%s", what, err, p.describe())
	}
	return int(response.Status)
}

func (p *tab) open(address string) int {
	p.Helper()
	response := do(p, "opening "+address, chromedp.NavigateResponse(address))
	return int(response.Status)
}

// press presses what leads to another page, and returns its HTTP status.
func (p *tab) press(selector string) int {
	p.Helper()
	return p.load("pressing "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// fill types into a field, in place of what is there.
func (p *tab) fill(selector, text string) {
	p.Helper()
	p.until("filling "+selector, func(ctx context.Context) bool {
		found, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf(
			`(field => { field?.focus(); field?.select(); return field !== null && field === document.activeElement })(document.querySelector(%q))`, selector)))
		return err == nil && found
	})
	send(p, input.InsertText, input.InsertTextParams{Text: text})
}

// text is what a reader sees.
func (p *tab) text() string { p.Helper(); return p.read(`document.body.innerText`) }

// source is the page as it stands in the browser.
func (p *tab) source() string { p.Helper(); return p.read(`document.documentElement.outerHTML`) }

// read evaluates an expression, also where pages change places meanwhile.
func (p *tab) read(expression string) (text string) {
	p.Helper()
	p.until("reading "+expression, func(ctx context.Context) bool {
		var err error
		text, err = chromedp.Run(ctx, chromedp.Evaluate[string](expression))
		return err == nil
	})
	return text
}

// shows ends the test where one of the texts isn't there.
func (p *tab) shows(texts ...string) {
	p.Helper()
	shown := p.text()
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			p.Fatalf("%q isn't shown:\n%s", text, p.describe())
		}
	}
}

// hides ends the test where one of the texts stands in the source.
func (p *tab) hides(texts ...string) {
	p.Helper()
	source := p.source()
	for _, text := range texts {
		if strings.Contains(source, text) {
			p.Fatalf("%q is still there:\n%s", text, p.describe())
		}
	}
}

// at ends the test where the address has another path.
func (p *tab) at(path string) {
	p.Helper()
	address, err := url.Parse(do(p, "reading the address", chromedp.Location()))
	if err != nil || address.RequestURI() != path {
		p.Fatalf("not at %s but at\n%s", path, p.describe())
	}
}

// until waits for what has no event of its own.
func (p *tab) until(what string, done func(ctx context.Context) bool) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for ; !done(ctx); time.Sleep(20 * time.Millisecond) {
		if ctx.Err() != nil {
			p.Fatalf("%s: still at\n%s", what, p.describe())
		}
	}
}

// send gives the browser a command that no action stands for.
func send[P, R any](p *tab, c cdp.Command[P, R], parameters P) R {
	p.Helper()
	return do(p, c.Method, protocol(c, parameters))
}

func protocol[P, R any](c cdp.Command[P, R], parameters P) chromedp.Action[R] {
	return func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, c, parameters)
	}
}

// withoutScripts turns JavaScript off, as careful people do.
func (p *tab) withoutScripts() {
	p.Helper()
	send(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}
