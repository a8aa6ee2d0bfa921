package enroll

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rsc.io/qr"
)

var rowPart = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// The drawing is the code, with a margin of four modules on each side.
func TestQR(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"otpauth://totp/vpn.example.org:alice?secret=" + fakeSecret + "&issuer=vpn.example.org",
		"otpauth://totp/vpn.example.org:" + strings.Repeat("%C3%BC", 253) + "?secret=" + fakeSecret,
	} {
		image, err := drawQR(text)
		if err != nil {
			t.Fatal(err)
		}
		code, err := qr.Encode(text, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		width := code.Size
		if image.Size != width+8 {
			t.Errorf("size %d for a code of %d", image.Size, width)
		}
		drawn := make(map[[2]int]bool)
		for _, part := range rowPart.FindAllStringSubmatch(string(image.Path), -1) {
			var numbers [4]int
			for i := range numbers {
				if numbers[i], err = strconv.Atoi(part[i+1]); err != nil {
					t.Fatal(err)
				}
			}
			if numbers[2] != numbers[3] {
				t.Errorf("part %v isn't closed", part)
			}
			for x := range numbers[2] {
				drawn[[2]int{numbers[0] + x, numbers[1]}] = true
			}
		}
		for y := range image.Size {
			for x := range image.Size {
				if drawn[[2]int{x, y}] != code.Black(x-4, y-4) {
					t.Fatalf("module %d, %d is wrong", x, y)
				}
			}
		}
	}
}

// What can't be drawn is an error that doesn't repeat it.
func TestQRTooLong(t *testing.T) {
	t.Parallel()
	_, err := drawQR(strings.Repeat(fakeSecret, 200))
	if err == nil || strings.Contains(fmt.Sprint(err), fakeSecret) {
		t.Errorf("error %v", err)
	}
}
