package notice

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"vpn-otpd/store"
)

// send delivers a notice to a server and returns what arrived.
func send(t *testing.T, n store.Notice, options Options) (envelope received, letter *mail.Message, text string) {
	t.Helper()
	server := new(mailServer)
	address := server.start(t, nil, false)
	if err := mailTo(t, Mail{Server: address, Security: "none"}, options).deliver(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	envelope = <-server.mails
	letter, err := mail.ReadMessage(strings.NewReader(envelope.text))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(letter.Body))
	if err != nil {
		t.Fatal(err)
	}
	return envelope, letter, string(body)
}

func TestLetter(t *testing.T) {
	t.Parallel()
	envelope, letter, text := send(t, phone, Options{Site: "vpn.example.org", Language: "de"})
	if envelope.from != "vpn@example.org" || envelope.to != "müller@example.org" || envelope.hello != "example.org" {
		t.Errorf("envelope %+v", envelope)
	}
	for name, want := range map[string]string{
		"From": `"VPN" <vpn@example.org>`, "To": "<müller@example.org>", "Auto-Submitted": "auto-generated", "Message-Id": "<1152921504606846976.1795435200000@example.org>",
		"Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "quoted-printable", "Mime-Version": "1.0",
		"User-Agent": "", "X-Mailer": "", "Bcc": "", "Cc": "",
	} {
		if got := strings.Join(letter.Header[name], "|"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if date, err := letter.Header.Date(); err != nil || !date.Equal(noon) {
		t.Errorf("date %v, %v", date, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(letter.Header.Get("Subject"))
	if want := "Neues Gerät für die Zwei-Faktor-Anmeldung (vpn.example.org)"; err != nil || subject != want {
		t.Errorf("subject %q, %v", subject, err)
	}
	for _, want := range []string{"bei vpn.example.org wurde ein neues Gerät", "Zeit: 23.11.2026 12:00 UTC\n", "Gerät: Phone\n", "Veranlasst von: Ihnen\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q isn't in the text:\n%s", want, text)
		}
	}
}

// The mail is the same at each try, so that mailboxes can drop a repeat.
func TestLetterAgain(t *testing.T) {
	t.Parallel()
	_, one, _ := send(t, phone, Options{})
	again := phone
	again.Tries = 7
	_, other, _ := send(t, again, Options{})
	if id := one.Header.Get("Message-Id"); id == "" || id != other.Header.Get("Message-Id") {
		t.Errorf("%q and %q", id, other.Header.Get("Message-Id"))
	}
	again.ID++
	if _, third, _ := send(t, again, Options{}); third.Header.Get("Message-Id") == one.Header.Get("Message-Id") {
		t.Error("two notices have one Message-ID")
	}
}

// Names that make no address are given up without asking a server.
func TestLetterToNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := new(mailServer)
	address := server.start(t, nil, false)
	s := w.sender(w.store, map[string]carrier{ChannelMail: mailTo(t, Mail{Server: address, Security: "none"}, Options{})})
	w.put(store.Notice{Channel: ChannelMail, User: "x@evil.example\r\nBcc: y", Event: "reset"})
	w.run(s)
	eventually(t, "it is dropped", func() bool { return len(w.due()) == 0 })
	if log := w.log.String(); len(server.mails) != 0 || !strings.Contains(log, "makes no mail address") || strings.Count(log, "\n") != 1 {
		t.Errorf("%d mails, the log says\n%s", len(server.mails), log)
	}
}

// From the event in the store to both receivers, as the daemon does it.
func TestBothChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := new(mailServer)
	m := Mail{Server: server.start(t, nil, false), Security: "none", From: "vpn@example.org", To: "{user}@example.org"}
	var hook Webhook
	called := make(chan struct{}, 1)
	hook.URL = receiverOf(t, called)
	s, err := New(Options{Outbox: w.store, Mail: &m, Webhook: &hook, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, channel := range Channels(&m, &hook) {
		w.put(store.Notice{Channel: channel, User: "alice", Event: "alarm", Address: "192.0.2.7", Actor: "unknown"})
	}
	w.run(s)
	if mail := <-server.mails; mail.to != "alice@example.org" {
		t.Errorf("mail to %q", mail.to)
	}
	<-called
	eventually(t, "the outbox is empty", func() bool { return len(w.due()) == 0 })
	for channel, count := range s.Counters() {
		if count != (Count{Delivered: 1}) {
			t.Errorf("%s: %+v", channel, count)
		}
	}
	if zone := s.channels[ChannelMail].carrier.(*mailCarrier).texts.zone; zone != time.Local {
		t.Errorf("times are told in %v", zone)
	}
}
