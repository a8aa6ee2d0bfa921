package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// howToGetAxe is said where the checker isn't there.
const howToGetAxe = "AXE_CORE is not set: npm install --prefix FOLDER axe-core, then AXE_CORE=FOLDER/node_modules/axe-core/axe.min.js"

// axe is the source of the accessibility checker axe-core.
type axe string

func readAxe(path string) (axe, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading AXE_CORE: %w", err)
	}
	return axe(source), nil
}

// violation is a rule that a page breaks, and where.
type violation struct {
	ID, Help string
	Nodes    []struct {
		Target         []string
		FailureSummary string
	}
}

func (v violation) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s", v.ID, v.Help)
	for _, node := range v.Nodes {
		fmt.Fprintf(&text, "\n\t%s: %s", strings.Join(node.Target, " "), node.FailureSummary)
	}
	return text.String()
}

// load brings the checker into a page. The page's own rules would keep it out; the
// browser's console doesn't go by them.
func (a axe) load(p *tab) {
	p.Helper()
	do(p, "loading axe-core", chromedp.Evaluate[bool](string(a)+"\n;true"))
}

// check returns what is wrong with the page as it is shown now.
func (a axe) check(p *tab) []violation {
	p.Helper()
	return do(p, "running axe-core", chromedp.Evaluate[[]violation](
		`axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations)`,
		func(e *runtime.EvaluateParams) { chromedp.EvalAwaitPromise(e) }))
}

// finds sees that the checker finds something where there is something.
func (a axe) finds(p *tab) {
	p.Helper()
	p.open(`data:text/html,<p style="color:%23ccc;background:%23fff">pale<input>`)
	a.load(p)
	found := make(map[string]bool)
	for _, v := range a.check(p) {
		found[v.ID] = true
	}
	for _, rule := range []string{"color-contrast", "document-title", "html-has-lang", "label"} {
		if !found[rule] {
			p.Errorf("axe-core doesn't find %s: %v", rule, found)
		}
	}
}
