package enroll

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"strconv"
)

//go:embed static/style.css
var styleSheet []byte

// style is the style sheet under a name that changes with it.
type style struct {
	name string
	text []byte
}

func newStyle() style {
	sum := sha256.Sum256(styleSheet)
	return style{name: "style-" + hex.EncodeToString(sum[:6]) + ".css", text: styleSheet}
}

func (x *exchange) showStyle() error {
	header := x.w.Header()
	header.Set("Content-Type", "text/css; charset=utf-8")
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Content-Length", strconv.Itoa(len(x.h.style.text)))
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(x.h.style.text)
	return nil
}
