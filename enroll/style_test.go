package enroll

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var colorRule = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{3,6});`)

// colors are the colors of the light and of the dark scheme, by name.
func colors(t *testing.T) (light, dark map[string]string) {
	t.Helper()
	before, after, found := strings.Cut(string(styleSheet), "@media (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("there is no dark scheme")
	}
	read := func(text string) map[string]string {
		scheme := make(map[string]string)
		for _, match := range colorRule.FindAllStringSubmatch(text, -1) {
			scheme[match[1]] = match[2]
		}
		return scheme
	}
	return read(before), read(after)
}

// luminance is how bright a color is (WCAG 2.2).
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		part, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		linear := float64(part) / 255
		if linear <= 0.04045 {
			linear /= 12.92
		} else {
			linear = math.Pow((linear+0.055)/1.055, 2.4)
		}
		sum += weight * linear
	}
	return sum
}

// Texts and the edges of fields can be told from what is behind them, in both
// schemes: 4.5 and 3 to 1 (WCAG 2.2 AA, 1.4.3 and 1.4.11).
func TestContrast(t *testing.T) {
	t.Parallel()
	light, dark := colors(t)
	for name, scheme := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, test := range []struct {
			front, back string
			least       float64
		}{
			{"text", "ground", 7}, {"text", "panel", 7}, {"text", "bad-ground", 7}, {"text", "good-ground", 7},
			{"soft", "ground", 4.5}, {"soft", "panel", 4.5}, {"accent", "ground", 4.5}, {"accent", "panel", 4.5},
			{"accent-strong", "ground", 4.5}, {"accent-strong", "good-ground", 4.5}, {"on-accent", "accent", 4.5}, {"on-accent", "accent-strong", 4.5},
			{"on-accent", "bad", 4.5}, {"ground", "text", 4.5}, {"edge", "ground", 3}, {"edge", "panel", 3}, {"bad", "panel", 3}, {"bad", "ground", 3},
		} {
			front, back := luminance(t, scheme[test.front]), luminance(t, scheme[test.back])
			if ratio := (max(front, back) + 0.05) / (min(front, back) + 0.05); ratio < test.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f", name, test.front, test.back, ratio)
			}
		}
	}
}
