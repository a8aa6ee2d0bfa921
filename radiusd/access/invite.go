package access

import (
	"context"
	"fmt"
	"time"

	"vpn-otpd/store"
)

// Bounds of an invitation's lifetime.
const (
	MinInvitation = 10 * time.Minute
	MaxInvitation = 30 * 24 * time.Hour
)

// Invite makes a ticket with which the user enrolls a device on the page without
// a password. The user's earlier ticket is void. The helpdesk invites nobody who
// is enrolled: a further device would be a way into a working account.
func (a *Accounts) Invite(ctx context.Context, actor store.Actor, name string, valid time.Duration, helpdesk bool) (ticket string, expires time.Time, err error) {
	if valid < MinInvitation || valid > MaxInvitation {
		return "", time.Time{}, refused(RefusedInvalid, "an invitation lives between %s and %s", MinInvitation, MaxInvitation)
	}
	settings := a.gate.settings.Load()
	if settings.FirstUse.How == "" {
		return "", time.Time{}, refused(RefusedRule, "there is no enrollment page: set enroll.listen and enroll.url")
	}
	if settings.Policy.Disabled() {
		return "", time.Time{}, refused(RefusedRule, "two-factor is off: nobody can enroll")
	}
	err = a.change(ctx, actor, name, EventTicketMade, func(tx *store.Tx, account store.Account) (string, error) {
		if account.Disabled {
			return "", refused(RefusedRule, "user %q is disabled", account.Name)
		}
		if settings.standingFor(account, tx.Now()) == StandingDisabled {
			return "", refused(RefusedRule, "two-factor is off for user %q", account.Name)
		}
		if helpdesk && len(account.Devices) > 0 {
			return "", refused(RefusedRule, "user %q is enrolled; the helpdesk invites only users who aren't", account.Name)
		}
		if len(account.Devices) >= MaxDevices {
			return "", refused(RefusedRule, "user %q has %d devices; more aren't allowed", account.Name, MaxDevices)
		}
		e := settings.newEnrollment(account, store.EnrollmentInvitation)
		expires = tx.Now().Add(valid)
		e.ExpiresAt = expires
		e, err := a.gate.addTicketed(tx, e)
		if err != nil {
			return "", err
		}
		ticket = ticketOf(a.store, e.ID)
		return fmt.Sprintf("until=%s", expires.UTC().Format(time.RFC3339)), nil
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return ticket, expires, nil
}
