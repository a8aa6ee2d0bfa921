package main

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take on a machine that has other things to do.
const patience = 20 * time.Second

// requirePrograms skips a test where a foreign program is missing; with CI=true
// that is a failure.
func requirePrograms(t *testing.T, names ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			missing(t, name+" is missing: install "+foreign[name])
		}
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// browser is one Chromium with a profile of its own.
type browser struct{ ctx context.Context }

// startBrowser starts it until the test ends.
func startBrowser(t *testing.T, flags ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	requirePrograms(t, "chromium", "zbarimg", "oathtool")
	flags = append(slices.Clone(flags), chromedp.ExecPath("chromium"), chromedp.UserDataDir(t.TempDir()), chromedp.Headless)
	for _, name := range []string{
		"no-sandbox", "no-first-run", "disable-gpu", "disable-quic", "disable-sync", "disable-dev-shm-usage",
		"disable-background-networking", "disable-component-update", "disable-prompt-on-repost",
	} {
		flags = append(flags, chromedp.Flag(name, true))
	}
	allocator, release := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("closing Chromium: %v", err)
		}
		cancel()
		release()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	return &browser{ctx}
}

// tab is a page that is looked at.
type tab struct {
	*testing.T
	ctx context.Context
}

// visitor opens a tab that shares no cookies with any other.
func (b *browser) visitor(t *testing.T) *tab {
	t.Helper()
	return openTab(t, b.ctx, chromedp.WithNewBrowserContext())
}

// second opens a tab beside this one.
func (p *tab) second() *tab {
	p.Helper()
	return openTab(p.T, p.ctx)
}

func openTab(t *testing.T, parent context.Context, options ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	return &tab{t, ctx}
}

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
	text, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
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
	do(p, "finding "+selector, chromedp.Focus(chromedp.CSS(selector), chromedp.NodeVisible))
	do(p, "selecting "+selector, chromedp.Evaluate[bool](`document.activeElement.select(), true`))
	send(p, input.InsertText, input.InsertTextParams{Text: text})
}

// text is what a reader sees.
func (p *tab) text() string {
	p.Helper()
	return do(p, "reading", chromedp.Text(chromedp.CSS("body")))
}

// source is the page as it stands in the browser.
func (p *tab) source() string {
	p.Helper()
	return do(p, "reading the source", chromedp.OuterHTML(chromedp.CSS("html")))
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

// back presses the browser's button, which may show a page that it has kept.
func (p *tab) back() { p.Helper(); p.travel(-1) }

// forward is the button beside it.
func (p *tab) forward() { p.Helper(); p.travel(+1) }

func (p *tab) travel(steps int64) {
	p.Helper()
	history := do(p, "reading the history", chromedp.NavigationEntries())
	wanted := history.CurrentIndex + steps
	there := page.NavigateToHistoryEntryParams{EntryID: history.Entries[wanted].ID}
	p.until("travelling in the history", func() bool { // it is refused while pages change places
		_, err := chromedp.Run(p.ctx, protocol(page.NavigateToHistoryEntry, there))
		return err == nil
	})
	p.until("arriving in the history", func() bool {
		history, err := chromedp.Run(p.ctx, chromedp.NavigationEntries())
		if err != nil || history.CurrentIndex != wanted {
			return false
		}
		state, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.readyState`))
		return err == nil && state == "complete"
	})
}

// until waits for what has no event of its own.
func (p *tab) until(what string, done func() bool) {
	p.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
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
