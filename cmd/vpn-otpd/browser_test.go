package main

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

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
