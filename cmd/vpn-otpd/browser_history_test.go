package main

import (
	"context"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// back presses the browser's button, which may show a page that it has kept.
func (p *tab) back() { p.Helper(); p.travel(-1) }

// forward is the button beside it.
func (p *tab) forward() { p.Helper(); p.travel(+1) }

func (p *tab) travel(steps int64) {
	p.Helper()
	history := do(p, "reading the history", chromedp.NavigationEntries())
	wanted := history.CurrentIndex + steps
	there := page.NavigateToHistoryEntryParams{EntryID: history.Entries[wanted].ID}
	p.until("travelling in the history", func(ctx context.Context) bool { // it is refused while pages change places
		_, err := chromedp.Run(ctx, protocol(page.NavigateToHistoryEntry, there))
		return err == nil
	})
	p.until("arriving in the history", func(ctx context.Context) bool {
		history, err := chromedp.Run(ctx, chromedp.NavigationEntries())
		if err != nil || history.CurrentIndex != wanted {
			return false
		}
		state, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.readyState`))
		return err == nil && state == "complete"
	})
}
