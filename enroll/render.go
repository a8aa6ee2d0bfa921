package enroll

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pages are the templates, each with the layout around it.
type pages map[string]*template.Template

func parsePages() (pages, error) {
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := make(pages)
	for _, name := range names {
		page := strings.TrimSuffix(path.Base(name), ".html")
		parsed, err := template.New("layout.html").Option("missingkey=error").ParseFS(templateFiles, "templates/layout.html", name)
		if err != nil {
			return nil, fmt.Errorf("reading the page %s: %w", page, err)
		}
		all[page] = parsed
	}
	return all, nil
}

// page keeps the session, then answers with a page.
func (x *exchange) page(status int, name string, content any) error {
	v := view{Title: x.text.of(name, "title"), Content: content}
	if titled, ok := content.(interface{ title(catalog) string }); ok {
		v.Title = titled.title(x.text)
	}
	body, err := x.compose(name, v)
	if err != nil {
		return x.unwritten(name, err)
	}
	if err := x.keepSession(); err != nil {
		return err
	}
	x.send(status, body)
	return nil
}

// unwritten is for a page that can't be written.
func (x *exchange) unwritten(name string, err error) error {
	x.h.logger.Error("enrollment page can't be written", "page", name, "error", err)
	return problem{http.StatusInternalServerError, "fault"}
}

// compose writes a page into memory: half a page never leaves.
func (x *exchange) compose(name string, v view) ([]byte, error) {
	v.fill(x)
	var body bytes.Buffer
	if err := x.h.pages[name].ExecuteTemplate(&body, "layout.html", &v); err != nil {
		return nil, err
	}
	return body.Bytes(), nil
}

func (x *exchange) send(status int, body []byte) {
	header := x.w.Header()
	header.Set("Cache-Control", "no-store") // the session library adds a word of its own
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", x.language)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body)
}
