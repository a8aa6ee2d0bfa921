package access

import (
	"context"
	"net/netip"
	"time"

	"vpn-otpd/store"
)

// Due is a user who must enroll and has no device.
type Due struct {
	User string
	By   string // whose word it is that requires, as Explanation says it
	// Since is when the time to enroll began to count; zero: it isn't known.
	Since time.Time
	// Deadline is until when the user may put it off, or, after a reset, may do it
	// alone; zero: the next login asks for it.
	Deadline time.Time
	Late     bool // the deadline has passed
	// Closed is why the user can't enroll alone now; "": that is open. Networks
	// aren't looked at. NoPage: nobody can.
	Closed Closed
	NoPage bool
}

// RolloutTotals count users.
type RolloutTotals struct {
	Enrolled    int // have a device
	Due         int // must enroll, the late ones included
	Late        int
	Exempt      int // aren't asked, and have no device
	NotRequired int // may do without
	Disabled    int // are let in nowhere, and have no device
}

// Rollout is a part of the report on who must still enroll.
type Rollout struct {
	Due    []Due
	Totals RolloutTotals // of the users of this part
	Next   string        // the last name of this part; "": there are no more
}

// Rollout looks at up to limit users whose names come after a name, by name. What
// some client asks counts, by the groups of the last login. Users of a directory
// who never logged in aren't known here.
func (a *Accounts) Rollout(ctx context.Context, after string, limit int) (r Rollout, err error) {
	progresses, err := a.store.Progresses(ctx, after, limit)
	if err != nil {
		return Rollout{}, err
	}
	settings, now := a.gate.settings.Load(), a.gate.now()
	for _, p := range progresses {
		standing := standingOf(settings, settings.page(p.Account, now), p.Account)
		switch {
		case p.Enrolled:
			r.Totals.Enrolled++
		case p.Disabled:
			r.Totals.Disabled++
		case standing.requires:
			due := dueBy(standing, p.Account, now)
			r.Due = append(r.Due, due)
			r.Totals.Due++
			if due.Late {
				r.Totals.Late++
			}
		case standing.reason == Exempt:
			r.Totals.Exempt++
		default:
			r.Totals.NotRequired++
		}
	}
	if len(progresses) == limit {
		r.Next = progresses[limit-1].Name
	}
	return r, nil
}

// dueBy is how a user stands who must enroll.
func dueBy(s standing, account store.Account, now time.Time) Due {
	rule := s.firstUse(account, netip.Addr{}, now)
	rule.Networks = nil
	due := Due{User: account.Name, By: s.by, Since: rule.start(account), NoPage: rule.How == ""}
	alone := rule.How == FirstUseChallenge || rule.How == FirstUseWeb
	switch {
	case account.EverEnrolled:
		due.Since = account.ResetAt
		if alone && rule.AfterReset > 0 && !account.ResetAt.IsZero() {
			due.Deadline = account.ResetAt.Add(rule.AfterReset)
		}
	case rule.EnrollWithin > 0 && !due.NoPage:
		due.Deadline = rule.deadline(account)
	}
	due.Late = !due.Deadline.IsZero() && !due.Deadline.After(now)
	if !due.NoPage {
		due.Closed = rule.closed(account, netip.Addr{}, now)
	}
	return due
}
