package notice

import (
	"strings"
	"testing"
)

func goodMail() Mail {
	return Mail{Server: "127.0.0.1:25", Security: "none", From: "VPN <vpn@example.org>", To: "{user}@example.org"}
}

func TestMailCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Mail)
		want   string // "": it is good
	}{
		"good":                   {func(*Mail) {}, ""},
		"starttls":               {func(m *Mail) { m.Server, m.Security = "mail.example.org:587", "starttls" }, ""},
		"tls":                    {func(m *Mail) { m.Server, m.Security = "[2001:db8::1]:465", "tls" }, ""},
		"names are addresses":    {func(m *Mail) { m.To = "{user}" }, ""},
		"loopback by name":       {func(m *Mail) { m.Server = "localhost:25" }, ""},
		"no port":                {func(m *Mail) { m.Server = "127.0.0.1" }, "isn't host:port"},
		"no host":                {func(m *Mail) { m.Server = ":25" }, "isn't host:port"},
		"nothing":                {func(m *Mail) { m.Server = "" }, "isn't host:port"},
		"no TLS to elsewhere":    {func(m *Mail) { m.Server = "mail.example.org:25" }, "loopback addresses only"},
		"no security":            {func(m *Mail) { m.Security = "" }, `security ""`},
		"unknown security":       {func(m *Mail) { m.Security = "ssl" }, `security "ssl"`},
		"no sender":              {func(m *Mail) { m.From = "" }, "from"},
		"sender isn't address":   {func(m *Mail) { m.From = "vpn" }, "from"},
		"sender with a line":     {func(m *Mail) { m.From = "vpn@example.org\r\nBcc: x@example.org" }, "from"},
		"sender isn't ASCII":     {func(m *Mail) { m.From = "vpn@münchen.example" }, "xn--"},
		"no template":            {func(m *Mail) { m.To = "alice@example.org" }, "hold {user} once"},
		"template with two":      {func(m *Mail) { m.To = "{user}@{user}" }, "hold {user} once"},
		"template in the domain": {func(m *Mail) { m.To = "vpn@{user} .org" }, "makes no mail addresses"},
		"template without @":     {func(m *Mail) { m.To = "vpn-{user}" }, "makes no mail addresses"},
		"template of more":       {func(m *Mail) { m.To = "{user}@example.org, x@example.org" }, "makes no mail addresses"},
	} {
		m := goodMail()
		test.change(&m)
		err := m.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	outbox := newWorld(t).store
	mail, webhook := goodMail(), Webhook{URL: "https://hooks.example.org/"}
	plain, badMail := Webhook{URL: "http://hooks.example.org/"}, mail
	badMail.From = ""
	for name, test := range map[string]struct {
		options Options
		want    []string // nil: it is good
	}{
		"nothing":        {Options{Outbox: outbox}, nil},
		"both":           {Options{Outbox: outbox, Mail: &mail, Webhook: &webhook, Language: "fr"}, nil},
		"no outbox":      {Options{}, []string{"no outbox"}},
		"no such words":  {Options{Outbox: outbox, Mail: &mail, Language: "xx"}, []string{"xx", "de, en, fr, nl"}},
		"two faults":     {Options{Outbox: outbox, Mail: &badMail, Webhook: &plain}, []string{"from", "https://"}},
		"two lines":      {Options{Outbox: outbox, Mail: &mail, Site: "a\r\nBcc: b", Support: "x\ny"}, []string{"site", "support"}},
		"a page of text": {Options{Outbox: outbox, Mail: &mail, Support: strings.Repeat("x", 501)}, []string{"support"}},
	} {
		s, err := New(test.options)
		if (err == nil) != (test.want == nil) || (s == nil) != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q in it", name, err, want)
			}
		}
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	mail, webhook := goodMail(), Webhook{}
	for want, got := range map[string][]string{
		"": Channels(nil, nil), "mail": Channels(&mail, nil), "webhook": Channels(nil, &webhook), "mail webhook": Channels(&mail, &webhook),
	} {
		if strings.Join(got, " ") != want {
			t.Errorf("channels %v, want %q", got, want)
		}
	}
}
