package main

import (
	"context"
	"fmt"

	"vpn-otpd/enroll"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/notice"
)

// openPage opens the page's address, if it has one here.
func (d *server) openPage(ctx context.Context, config *Config) error {
	if config.Page.Listen == "" && d.passed.enroll == nil {
		return nil
	}
	options := enroll.Options{
		Gate: d.gate, Enroller: access.NewEnroller(d.gate), Sessions: d.store,
		URL: config.Page.URL, TrustedProxies: config.Page.TrustedProxies, TrustedProxy: config.Page.Proxies.Trusts, Returns: config.Page.Returns,
		Support: config.Radius.SupportText, RejectDelay: config.Radius.RejectDelay, Logger: d.logger,
	}
	if err := d.offerSignIn(config.Page, &options); err != nil {
		return err
	}
	handler, err := enroll.New(options)
	if err != nil {
		return fmt.Errorf("making the enrollment page: %w", err)
	}
	d.page, err = listenPage(ctx, config.Page, d.passed.enroll, handler, d.logger)
	return err
}

// newNotices makes the sender of notices, nil where users aren't told.
func (d *server) newNotices(config *Config) (*notice.Sender, error) {
	if len(config.Notice.channels()) == 0 {
		return nil, nil
	}
	return notice.New(notice.Options{
		Outbox: d.store, Mail: config.Notice.Mail, Webhook: config.Notice.Webhook,
		Site: config.Page.site(), URL: config.Page.address(), Support: config.Radius.SupportText,
		Language: config.Notice.Language, Logger: d.logger,
	})
}

// countNotices adds what became of the notices to the counts of the status.
func (d *server) countNotices(counters map[string]uint64) {
	if d.notices == nil {
		return
	}
	for channel, count := range d.notices.Counters() {
		for name, n := range map[string]uint64{"delivered": count.Delivered, "failed": count.Failed, "given_up": count.GivenUp} {
			if n > 0 {
				counters["notices_"+channel+"_"+name] = n
			}
		}
	}
}
