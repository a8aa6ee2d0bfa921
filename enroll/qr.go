package enroll

import (
	"fmt"
	"html/template"
	"strings"

	"rsc.io/qr"
)

// quietZone is the white margin around a QR code, in modules (ISO 18004, 5.3.8):
// without it, phones don't find the code on a dark page.
const quietZone = 4

// qrImage is a QR code to be drawn: how wide it is with its margin, and the
// path of its black modules.
type qrImage struct {
	Size int
	Path template.HTMLAttr
}

// drawQR draws a text, row by row.
func drawQR(text string) (qrImage, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return qrImage{}, fmt.Errorf("drawing a QR code of %d octets", len(text)) // the library's errors may quote the text
	}
	width := code.Size
	var path strings.Builder
	for y := range width {
		for x := 0; x < width; x++ {
			if !code.Black(x, y) {
				continue
			}
			start := x
			for code.Black(x, y) { // nothing outside of it is
				x++
			}
			fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+quietZone, y+quietZone, x-start, x-start)
		}
	}
	return qrImage{Size: width + 2*quietZone, Path: template.HTMLAttr(`d="` + path.String() + `"`)}, nil
}
