package main

import (
	"net"
	"net/mail"
	"strconv"
	"strings"

	"vpn-otpd/radiusd/notice"
)

// noticeConfig is [notice] as it is written. Nil: not told so.
type noticeConfig struct {
	Language string         `toml:"language"`
	Mail     *mailConfig    `toml:"mail"`
	Webhook  *webhookConfig `toml:"webhook"`
}

type mailConfig struct {
	Server       string `toml:"server"`
	Security     string `toml:"security"`
	User         string `toml:"user"`
	PasswordFile string `toml:"password_file"`
	From         string `toml:"from"`
	To           string `toml:"to"`
}

type webhookConfig struct {
	URL        string `toml:"url"` // up to 512 octets
	SecretFile string `toml:"secret_file"`
}

// NoticeConfig is how users are told what happened to their second factor.
type NoticeConfig struct {
	Language string
	Mail     *notice.Mail    // nil: no mail
	Webhook  *notice.Webhook // nil: none
}

// channels are the ways in which users are told, by their names in the outbox.
func (n *NoticeConfig) channels() []string { return notice.Channels(n.Mail, n.Webhook) }

func (l *loader) notice(w *file) NoticeConfig {
	l.checkLanguage("notice.language", w.Notice.Language)
	told := NoticeConfig{Language: w.Notice.Language}
	if w.Notice.Mail != nil {
		told.Mail = l.mail(*w.Notice.Mail)
	}
	if hook := w.Notice.Webhook; hook != nil {
		told.Webhook = l.webhook(*hook)
	}
	return told
}

func (l *loader) mail(w mailConfig) *notice.Mail {
	const key = "notice.mail"
	before := len(l.faults)
	host, port, err := net.SplitHostPort(w.Server)
	number, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || number == 0 || host == "" || !plainASCII(w.Server) || len(w.Server) > 255 {
		l.fault(key+".server", `%q: a host and a port are expected, such as "mail.example.org:587"`, w.Server)
	}
	if w.Security == "" {
		w.Security = "starttls"
	}
	switch w.Security {
	case "starttls", "tls":
	case "none":
		if !loopbackHost(host) {
			l.fault(key+".security", `"none" is for a server on loopback only: "starttls" or "tls" is expected`)
		}
	default:
		l.fault(key+".security", `%q: "starttls", "tls" or "none" is expected`, w.Security)
	}
	l.checkText(key+".user", w.User, 255)
	if from, err := mail.ParseAddress(w.From); err != nil || len(w.From) > 255 || !plainASCII(from.Address) {
		l.fault(key+".from", `%q: a mail address is expected, such as "vpn@example.org"`, w.From)
	}
	if !isRecipient(w.To) {
		l.fault(key+".to", `%q: an address with {user} in it is expected, such as "{user}@example.org"`, w.To)
	}
	made := &notice.Mail{Server: w.Server, Security: w.Security, User: w.User, From: w.From, To: w.To}
	switch {
	case w.PasswordFile != "" && w.User == "":
		l.fault(key+".password_file", "it is for a user: set user too")
	case w.PasswordFile != "":
		made.Password = string(l.secretFile(key+".password_file", w.PasswordFile))
	case w.User != "":
		l.fault(key+".password_file", "the user needs one")
	}
	if len(l.faults) == before { // the last word is the sender's own
		if err := made.Check(); err != nil {
			l.fault(key, "%v", err)
		}
	}
	return made
}

// isRecipient reports whether names make addresses of a template. Names may be
// whole addresses themselves, but say no part of another domain.
func isRecipient(to string) bool {
	_, domain, _ := strings.Cut(to, "@")
	if strings.Count(to, "{user}") != 1 || strings.Contains(domain, "{user}") || len(to) > 255 {
		return false
	}
	for _, user := range []string{"user", "user@example.org"} {
		filled := strings.Replace(to, "{user}", user, 1)
		if address, err := mail.ParseAddress(filled); err == nil && address.Address == filled {
			return true
		}
	}
	return false
}

func (l *loader) webhook(w webhookConfig) *notice.Webhook {
	const key = "notice.webhook"
	// Its query may hold what the receiver wants; it is not led to by browsers.
	bare, _, _ := strings.Cut(w.URL, "?")
	if _, fault := webAddress(bare); fault != "" || len(w.URL) > maxReturn || !plainASCII(w.URL) || strings.Contains(w.URL, "#") {
		if fault == "" {
			fault = "it is too long, or has what no address has"
		}
		l.fault(key+".url", "%s", fault)
	}
	made := &notice.Webhook{URL: w.URL}
	if w.SecretFile == "" {
		l.warn(key+".secret_file", "without it the receiver can't tell our messages from anybody else's")
		return made
	}
	made.Secret = l.secretFile(key+".secret_file", w.SecretFile)
	return made
}
