package main

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quietZone is the white margin that readers need around a QR code, in modules.
const quietZone = 4

// terminalQR draws a QR code for a terminal: two modules a character, black on
// white by color codes, so that it can be read on dark terminals too.
func terminalQR(text string) (string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", fmt.Errorf("making the QR code: %w", err)
	}
	size := code.Size
	var drawing strings.Builder
	for y := -quietZone; y < size+quietZone; y += 2 {
		drawing.WriteString("\x1b[30;107m")
		for x := -quietZone; x < size+quietZone; x++ {
			switch upper, lower := code.Black(x, y), code.Black(x, y+1); {
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
