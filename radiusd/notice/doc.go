// Package notice tells users by mail or webhook what happened to their own
// second factor.
//
// It promises that a notice in the outbox is delivered at least once and by one
// node at a time, or given up with a line in the log when it is final or 72 hours
// old; that a slow channel doesn't hold up the other; and that no login waits for
// it. It never sends or logs a secret, a code or a password, sends nothing
// without TLS except to this machine, and follows no redirect.
package notice

import (
	"context"
	"time"

	"vpn-otpd/store"
)

// The channels, as the outbox names them.
const (
	ChannelMail    = "mail"
	ChannelWebhook = "webhook"
)

// Channels names the channels that are there, for the outbox to be filled by.
func Channels(mail *Mail, webhook *Webhook) (channels []string) {
	if mail != nil {
		channels = append(channels, ChannelMail)
	}
	if webhook != nil {
		channels = append(channels, ChannelWebhook)
	}
	return channels
}

// Outbox keeps notices until they are delivered.
type Outbox interface {
	// ClaimNotices returns at most limit notices that are due and keeps them
	// from all others for the length of the lease.
	ClaimNotices(ctx context.Context, lease time.Duration, limit int) ([]store.Notice, error)
	// RetryNotice makes a notice due at a time.
	RetryNotice(ctx context.Context, id int64, next time.Time) error
	// RemoveNotice takes a notice out.
	RemoveNotice(ctx context.Context, id int64) error
}
