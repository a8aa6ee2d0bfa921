package enroll

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

var pagesFolder = flag.String("pages", "", "a folder to write every page into, to look at")

// everyPage visits each kind of page in a language.
func everyPage(t *testing.T, language string) map[string]answer {
	t.Helper()
	w := newWorld(t)
	visitor := func() *browser {
		b := w.browser(t)
		b.header.Set("Accept-Language", language)
		return b
	}
	all := make(map[string]answer)
	b := visitor()
	all["signin"] = b.get("")
	all["signin-failed"] = b.post("signin", "username", "alice", "password", "wrong")
	all["ticket"] = b.get("K7QM-4XHT")
	all["ticket-wrong"] = b.post("ticket", "ticket", "AAAA-AAAA")
	all["not-found"] = b.get("nothing")
	w.with(func(f *fake) {
		f.standing.Policy, f.standing.EnrollBy = access.StandingEnforced, time.Date(2026, 12, 9, 12, 0, 0, 0, time.UTC)
	})
	b.post("signin", "username", "alice", "password", fakePassword, "return", "https://portal.example.org/vpn").leadsTo("enroll")
	all["account-none"] = b.get("")
	all["enroll"] = b.get("enroll")
	mark := all["enroll"].mark()
	all["enroll-wrong"] = b.post("confirm", "enrollment", mark, "code", "000000", "label", "Phone")
	all["enroll-label"] = func() answer {
		w.with(func(f *fake) { f.fault["confirm"] = access.FaultLabelTaken })
		defer w.with(func(f *fake) { delete(f.fault, "confirm") })
		return b.post("confirm", "enrollment", mark, "code", fakeCode, "label", "Phone")
	}()
	all["codes"] = b.post("confirm", "enrollment", mark, "code", fakeCode, "label", "Phone")
	w.with(func(f *fake) { f.busy() })
	all["account"] = b.get("")
	all["change"] = b.get("change?do=replace&device=Phone")
	all["change-wrong"] = b.post("change", "do", "remove", "device", "Phone", "code", "1")
	all["recovery"] = b.post("change", "do", "recovery", "code", fakeCode)
	all["unavailable"] = func() answer {
		w.with(func(f *fake) { f.fault["standing"] = access.ErrStore })
		defer w.with(func(f *fake) { delete(f.fault, "standing") })
		return b.get("")
	}()
	waiting := visitor()
	waiting.post("signin", "username", "alice", "password", fakePassword)
	all["code"] = waiting.get("")
	all["code-wrong"] = waiting.post("code", "code", "1")
	byTicket := visitor()
	byTicket.post("ticket", "ticket", fakeTicket).leadsTo("enroll")
	all["waiting"] = byTicket.post("confirm", "enrollment", byTicket.get("enroll").mark(), "code", fakeCode, "label", "Phone")
	all["waiting-again"] = byTicket.get("enroll")
	w.with(func(f *fake) { f.pending = nil })
	all["expired-ticket"] = byTicket.get("enroll")
	b.post("change", "do", "add", "code", fakeCode).leadsTo("enroll")
	w.with(func(f *fake) { f.pending = nil })
	all["expired"] = b.get("enroll")
	w.with(func(f *fake) { f.standing.Policy = access.StandingDisabled })
	all["account-disabled"] = b.get("")
	w.with(func(f *fake) {
		f.standing.Policy, f.standing.Account.Devices, f.standing.Closed = access.StandingEnforced, nil, access.ClosedNetwork
		f.standing.EnrollBy = time.Time{}
	})
	all["account-closed"] = b.get("")
	w.with(func(f *fake) { f.epoch++ })
	all["ended"] = b.get("")
	return all
}

// busy makes an account at which much has happened.
func (f *fake) busy() {
	at := time.Date(2026, 11, 24, 8, 15, 0, 0, time.UTC)
	f.standing.MayRemove = false
	f.standing.Account.Devices = []store.Device{{Label: "Phone", CreatedAt: at.AddDate(0, -2, 0), UsedAt: at},
		{Label: "Tablet <in the office> with quite a long name", CreatedAt: at.AddDate(0, -1, 0)}}
	f.standing.Account.RecoveryCodes = 8
	f.standing.Records = []store.Record{
		{At: at, Event: access.EventLogin, Reason: string(access.TOTPAccepted), Client: "vpn1", CallingStation: "192.0.2.17"},
		{At: at.Add(-time.Second), Event: access.EventLogin, Reason: string(access.CodeNeeded), Client: "vpn1"},
		{At: at.Add(-time.Hour), Event: access.EventLogin, Reason: string(access.CodeWrong), Client: access.WebClient, CallingStation: "2001:db8:1:2:3:4:5:6"},
		{At: at.Add(-2 * time.Hour), Event: access.EventDeviceAdded, Client: access.WebClient, CallingStation: "192.0.2.17"},
		{At: at.Add(-3 * time.Hour), Event: access.EventAlarm, Client: "vpn1", CallingStation: "198.51.100.4"},
	}
	f.standing.Refusals = []store.Refusals{{Minute: at.Add(-90 * time.Minute), Reason: string(access.PasswordWrong), Client: "vpn1", Source: "198.51.100.0/24", Count: 4}}
}

// Every page in every language: small, whole, and labeled.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "nl", "de", "fr"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			titles := make(map[string]bool)
			for name, page := range everyPage(t, language) {
				checkPage(t, name, language, page)
				titles[page.body[strings.Index(page.body, "<title>"):strings.Index(page.body, "</title>")]] = true
				if *pagesFolder != "" {
					writePage(t, filepath.Join(*pagesFolder, language+"-"+name), page.body)
				}
			}
			if len(titles) < 15 {
				t.Errorf("only %d titles", len(titles))
			}
		})
	}
}

var qrDrawing = regexp.MustCompile(`(?s)<svg class="qr".*?</svg>`)

// maxPage is how many octets the page may weigh with its style, without a QR code.
const maxPage = 50_000

func checkPage(t *testing.T, name, language string, page answer) {
	t.Helper()
	if weight := len(qrDrawing.ReplaceAllString(page.body, "")) + len(styleSheet); weight >= maxPage {
		t.Errorf("%s weighs %d octets", name, weight)
	}
	for _, text := range []string{"style=", "<script", "ZgotmplZ", "%!", "<no value>", "%s", "%d", "onclick"} {
		if strings.Contains(page.body, text) {
			t.Errorf("%s has %q:\n%s", name, text, page.body)
		}
	}
	if page.header.Get("Content-Language") != language || page.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: language %q, caching %q", name, page.header.Get("Content-Language"), page.header.Get("Cache-Control"))
	}
	root, err := html.Parse(strings.NewReader(page.body))
	if err != nil {
		t.Fatal(err)
	}
	outline := outlineOf(root)
	if outline.language != language || outline.count["h1"] != 1 || outline.count["main"] != 1 || outline.count["title"] < 1 {
		t.Errorf("%s: language %q, %v", name, outline.language, outline.count)
	}
	failed := page.status == http.StatusUnprocessableEntity || outline.ids["alert"]
	if titled := strings.Contains(page.body, "<title>"+wordForError(t, language)+": "); titled != failed {
		t.Errorf("%s: status %d, but the title says error: %v", name, page.status, titled)
	}
	for _, id := range outline.wanted {
		if !outline.ids[id] {
			t.Errorf("%s names the element %q, which isn't there", name, id)
		}
	}
	for _, id := range outline.inputs {
		if !outline.labeled[id] {
			t.Errorf("%s has no label for the field %q", name, id)
		}
	}
}

// wordForError is the word that the title of a page begins with where something is wrong.
func wordForError(t *testing.T, language string) string {
	t.Helper()
	all, err := newTexts()
	if err != nil {
		t.Fatal(err)
	}
	return all.catalogs[language].of("layout", "error")
}

// outline is what a page has, for those who can't see it.
type outline struct {
	language string
	count    map[string]int
	ids      map[string]bool
	wanted   []string // ids that others name
	labeled  map[string]bool
	inputs   []string
}

func outlineOf(root *html.Node) outline {
	o := outline{count: make(map[string]int), ids: make(map[string]bool), labeled: make(map[string]bool)}
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		o.count[node.Data]++
		attributes := make(map[string]string)
		for _, attribute := range node.Attr {
			attributes[attribute.Key] = attribute.Val
		}
		if id := attributes["id"]; id != "" {
			if o.ids[id] {
				o.wanted = append(o.wanted, "twice "+id)
			}
			o.ids[id] = true
		}
		o.wanted = append(o.wanted, strings.Fields(attributes["aria-describedby"]+" "+attributes["aria-labelledby"]+" "+attributes["for"])...)
		switch {
		case node.Data == "html":
			o.language = attributes["lang"]
		case node.Data == "label":
			o.labeled[attributes["for"]] = true
		case node.Data == "input" && attributes["type"] != "hidden":
			o.inputs = append(o.inputs, attributes["id"])
		}
	}
	return o
}

// writePage writes a page that can be opened by itself, light and dark.
func writePage(t *testing.T, file, body string) {
	t.Helper()
	sheet := regexp.MustCompile(`<link rel="stylesheet"[^>]*>`)
	dark := strings.ReplaceAll(string(styleSheet), "(prefers-color-scheme: dark)", "all")
	dark = strings.Replace(dark, "color-scheme: light dark", "color-scheme: dark", 1)
	for suffix, style := range map[string]string{".html": string(styleSheet), "-dark.html": dark} {
		page := sheet.ReplaceAllLiteralString(body, "<style>"+style+"</style>")
		if suffix == "-dark.html" {
			page = strings.Replace(page, `content="light dark"`, `content="dark"`, 1)
		}
		if err := os.WriteFile(file+suffix, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
