package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// visitor is a browser that reads pages as far as a story needs it.
type visitor struct {
	ts     *testscript.TestScript
	client http.Client
}

func newVisitor(ts *testscript.TestScript) *visitor {
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	transport := &http.Transport{DisableKeepAlives: true}
	return &visitor{ts, http.Client{Jar: jar, Transport: transport}}
}

// post sends a form and returns the page that comes of it.
func (v *visitor) post(address string, form url.Values) string {
	response, err := v.client.PostForm(address, form)
	v.ts.Check(err)
	return v.read(response)
}

func (v *visitor) get(address string) string {
	response, err := v.client.Get(address)
	v.ts.Check(err)
	return v.read(response)
}

func (v *visitor) read(response *http.Response) string {
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	v.ts.Check(err)
	if response.StatusCode != http.StatusOK {
		v.ts.Fatalf("%s is %s:\n%s", response.Request.URL, response.Status, text)
	}
	return string(text)
}

var (
	shownSecret = regexp.MustCompile(`(?s)id="secret">(.*?)</p>`)
	markup      = regexp.MustCompile(`<[^>]*>|\s`)
)

// openTicket opens the address of a ticket, presses the button there, and sets
// a variable to the secret that is shown: openticket SECRET URL.
func openTicket(ts *testscript.TestScript, neg bool, arguments []string) {
	v, address := newVisitor(ts), arguments[1]
	v.get(address)
	slash := strings.LastIndexByte(address, '/') + 1
	page := v.post(address[:slash]+"ticket", url.Values{"ticket": {address[slash:]}})
	match := shownSecret.FindStringSubmatch(page)
	if match == nil {
		ts.Fatalf("no secret in\n%s", page)
	}
	ts.Setenv(arguments[0], markup.ReplaceAllString(match[1], ""))
}

// signIn signs in at the page and prints what is shown: signin URL USER PASSWORD.
func signIn(ts *testscript.TestScript, neg bool, arguments []string) {
	v := newVisitor(ts)
	v.get(arguments[0])
	page := v.post(arguments[0]+"signin", url.Values{"username": {arguments[1]}, "password": {arguments[2]}})
	_, err := io.WriteString(ts.Stdout(), page)
	ts.Check(err)
}
