package notice

import (
	"context"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"vpn-otpd/store"
)

type mailCarrier struct {
	mail   Mail
	host   string // of the server
	from   *netmail.Address
	domain string // of from
	texts  *texts
	now    func() time.Time
}

func newMailCarrier(o Options, now func() time.Time) (*mailCarrier, error) {
	if err := o.Mail.Check(); err != nil {
		return nil, err
	}
	c := &mailCarrier{mail: *o.Mail, now: now}
	c.host, _, _ = net.SplitHostPort(o.Mail.Server)
	c.from, _ = sender(o.Mail.From)
	c.domain = c.from.Address[strings.LastIndexByte(c.from.Address, '@')+1:]
	if o.Site == "" {
		o.Site = c.domain
	}
	var err error
	c.texts, err = newTexts(o)
	return c, err
}

func (c *mailCarrier) deliver(ctx context.Context, n store.Notice) error {
	letter, err := c.letter(n)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the connection, however this ends
	client, err := c.client(ctx)
	if err != nil {
		return fmt.Errorf("preparing the mail client: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, letter)
	if letter.IsDelivered() {
		return nil // also if the server fails at the farewell
	}
	if err != nil {
		err = fmt.Errorf("sending mail: %w", err)
	}
	// A refused recipient or text stays refused. What the server says before
	// that is about our configuration, which may be set right in time.
	var refusal *gomail.SendError
	if errors.As(err, &refusal) && refusal.ErrorCode() >= 500 {
		switch refusal.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
			return &finalError{err}
		}
	}
	return err
}

// letter writes the mail. Its Message-ID is the same at each try, so that a
// mailbox can drop repeats, and tells nothing of this machine.
func (c *mailCarrier) letter(n store.Notice) (*gomail.Msg, error) {
	to, err := recipient(c.mail.To, n.User)
	if err != nil {
		return nil, &finalError{err}
	}
	letter := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	letter.FromMailAddress(c.from)
	if err := letter.To(to); err != nil {
		return nil, &finalError{errAddress}
	}
	subject, text := c.texts.compose(n)
	letter.Subject(subject)
	letter.SetBodyString(gomail.TypeTextPlain, text)
	letter.SetDateWithValue(c.now())
	letter.SetMessageIDWithValue(fmt.Sprintf("%d.%d@%s", n.ID, n.At.UnixMilli(), c.domain))
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834, 5
	return letter, nil
}
