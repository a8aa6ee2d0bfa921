package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "folder that TestBrowserLooks writes a picture of each page to")

// look is how a page is looked at.
type look struct {
	name          string
	width, height int64
	scheme        string
}

var looks = []look{
	{"phone-light", 390, 844, "light"},
	{"phone-dark", 390, 844, "dark"},
	{"desktop-light", 1280, 900, "light"},
	{"desktop-dark", 1280, 900, "dark"},
}

// narrowest is the width in pixels at which nothing may stick out (WCAG 2.2, 1.4.10).
const narrowest = 320

// gallery looks at pages, in every way.
type gallery struct {
	axe    axe    // "": not checked
	folder string // for pictures; "": none
}

func (g gallery) visit(p *tab, name string) {
	p.Helper()
	if g.axe != "" {
		g.axe.load(p)
	}
	schemes := make(map[string]string)
	for _, as := range looks {
		p.lookAs(as)
		schemes[p.ground()] = as.scheme
		if g.axe != "" {
			for _, v := range g.axe.check(p) {
				p.Errorf("%s, %s: %s", name, as.name, v)
			}
		}
		if strings.Contains(p.source(), `id="qr"`) {
			p.scan()
		}
		if g.folder != "" {
			picture := do(p, "taking a picture", chromedp.FullScreenshot(100))
			if err := os.WriteFile(filepath.Join(g.folder, name+"-"+as.name+".png"), picture, 0o644); err != nil {
				p.Fatal(err)
			}
		}
	}
	if len(schemes) != 2 {
		p.Errorf("%s doesn't follow the system's scheme: %v", name, schemes)
	}
	p.lookAs(look{width: narrowest, height: 568, scheme: "light"})
	if width := do(p, "measuring", chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); width > narrowest {
		p.Errorf("%s is %d pixels wide on a screen of %d", name, width, narrowest)
	}
	p.lookAs(looks[2])
}

func (p *tab) lookAs(as look) {
	p.Helper()
	do(p, "changing the screen", chromedp.EmulateViewport(as.width, as.height))
	send(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: as.scheme}},
	})
}

// ground is the color of the page behind everything.
func (p *tab) ground() string {
	p.Helper()
	return p.read(`getComputedStyle(document.documentElement).backgroundColor + getComputedStyle(document.body).backgroundColor`)
}

// Every page is accessible by the rules of axe-core, in light and dark, on a phone
// and on a desktop, and its QR code can be read in all of them.
func TestBrowserLooks(t *testing.T) {
	t.Parallel()
	g := gallery{folder: *screenshots}
	if path := os.Getenv("AXE_CORE"); path != "" {
		var err error
		if g.axe, err = readAxe(path); err != nil {
			t.Fatal(err)
		}
	} else if g.folder == "" {
		missing(t, howToGetAxe)
	}
	b := startBrowser(t)
	s := startSite(t, `first_use = "challenge"`)
	s.add(t, "alice", "bob", "carol", "dave")
	p := b.visitor(t)
	if g.axe != "" {
		g.axe.finds(p)
	}
	g.visitUnknown(p, s)
	g.visitEnrolled(p, s)
	g.visitTickets(b.visitor(t), s)
	g.visitOthers(b.visitor(t), s)
}
