package main

import (
	"fmt"
	"image"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quietZone is the white margin that readers need around a QR code, in modules.
const quietZone = 4

// terminalQR draws a QR code for a terminal: two modules a character, black on
// white by color codes, so that it can be read on dark terminals too.
func terminalQR(text string) (string, error) {
	code, err := qr.Encode(text, qr.L, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("making the QR code: %w", err)
	}
	size := code.Bounds().Dx()
	var drawing strings.Builder
	for y := -quietZone; y < size+quietZone; y += 2 {
		drawing.WriteString("\x1b[30;107m")
		for x := -quietZone; x < size+quietZone; x++ {
			switch upper, lower := black(code, x, y), black(code, x, y+1); {
			case upper && lower:
				drawing.WriteRune('█')
			case upper:
				drawing.WriteRune('▀')
			case lower:
				drawing.WriteRune('▄')
			default:
				drawing.WriteRune(' ')
			}
		}
		drawing.WriteString("\x1b[0m\n")
	}
	return drawing.String(), nil
}

func black(code image.Image, x, y int) bool {
	if !(image.Point{x, y}.In(code.Bounds())) {
		return false
	}
	r, _, _, _ := code.At(x, y).RGBA()
	return r == 0
}
