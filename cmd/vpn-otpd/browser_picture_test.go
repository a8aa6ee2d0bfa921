package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// The picture in the README is made with
//
//	go test ./cmd/vpn-otpd -run TestBrowserPicture -picture=../../packaging/page.png
var picturePath = flag.String("picture", "", "file that TestBrowserPicture writes the enrollment page to")

// TestBrowserPicture draws the enrollment page on a phone, with a secret that is
// nobody's, small enough for a README.
func TestBrowserPicture(t *testing.T) {
	t.Parallel()
	const most = 60_000 // octets
	p := startBrowser(t).visitor(t)
	p.begin(startExample(t) + "K7QM-4XHT")
	p.lookAs(looks[0])
	drawn := fewColors(t, do(p, "taking a picture", chromedp.FullScreenshot(100)))
	if len(drawn) > most {
		t.Errorf("the picture has %d octets", len(drawn))
	}
	if said := readQR(t, drawn); said != exampleURI {
		t.Errorf("the picture says %q", said)
	}
	if *picturePath != "" {
		if err := os.WriteFile(*picturePath, drawn, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// fewColors draws a picture with its most frequent colors only, which makes it small.
func fewColors(t *testing.T, picture []byte) []byte {
	t.Helper()
	const colors = 32
	from, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	area, counts := from.Bounds(), make(map[color.Color]int)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			counts[from.At(x, y)]++
		}
	}
	frequent := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	to := image.NewPaletted(area, frequent[:min(colors, len(frequent))])
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			to.Set(x, y, from.At(x, y))
		}
	}
	var drawn bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&drawn, to); err != nil {
		t.Fatal(err)
	}
	return drawn.Bytes()
}
