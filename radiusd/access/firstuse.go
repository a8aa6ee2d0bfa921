package access

import (
	"net/netip"
	"time"

	"vpn-otpd/store"
)

// FirstUse says who may enroll on the password alone where two-factor is
// enforced. Whoever has the password first enrolls: that is what it limits.
type FirstUse struct {
	// How is the way; "": there is no page, and nobody enrolls by himself.
	How FirstUseWay
	// Networks are where the VPN client or the browser must be; empty: anywhere.
	Networks []netip.Prefix
	// EnrollWithin closes first use so long after Since, the creation of the
	// account, or the user's own policy, whichever is last. Until then a login
	// passes on the password. 0: no deadline.
	EnrollWithin time.Duration
	Since        time.Time // when two-factor was first enforced
	// AfterReset is how long first use is open again for a user who was
	// enrolled and has no device any more; 0: by invitation only.
	AfterReset time.Duration
}

// FirstUseWay is how users may enroll on first use.
type FirstUseWay string

const (
	FirstUseChallenge  FirstUseWay = "challenge"  // in the connection, where the client knows challenges, or on the page
	FirstUseWeb        FirstUseWay = "web"        // by signing in on the page
	FirstUseInvitation FirstUseWay = "invitation" // only with an invitation
)

// Closed says why first use isn't open to a user; "": it is.
type Closed string

const (
	ClosedInvitation Closed = "invitation" // by invitation only
	ClosedNetwork    Closed = "network"    // not from there
	ClosedDeadline   Closed = "deadline"   // it has passed
	ClosedReset      Closed = "reset"      // and so has the time after the reset
)

// closed says whether a user who has no device may enroll on the password now.
func (r FirstUse) closed(account store.Account, source netip.Addr, now time.Time) Closed {
	switch {
	case r.How != FirstUseChallenge && r.How != FirstUseWeb:
		return ClosedInvitation
	case !r.inNetworks(source):
		return ClosedNetwork
	case account.EverEnrolled && !account.ResetAt.Add(r.AfterReset).After(now):
		return ClosedReset
	case !account.EverEnrolled && r.EnrollWithin > 0 && !r.deadline(account).After(now):
		return ClosedDeadline
	}
	return ""
}

func (r FirstUse) inNetworks(source netip.Addr) bool {
	for _, network := range r.Networks {
		if network.Contains(source) {
			return true
		}
	}
	return len(r.Networks) == 0
}

// deadline is until when a user who never was enrolled may put it off. It is
// never counted from a login: an account that nobody uses would stay open.
func (r FirstUse) deadline(account store.Account) time.Time {
	start := r.Since
	for _, later := range []time.Time{account.CreatedAt, account.PolicyAt} {
		if later.After(start) {
			start = later
		}
	}
	return start.Add(r.EnrollWithin)
}

// grace is until when a login of a user who isn't enrolled passes on the
// password; zero: it doesn't.
func (r FirstUse) grace(account store.Account, now time.Time) time.Time {
	if r.How == "" || r.EnrollWithin == 0 || account.EverEnrolled || !r.deadline(account).After(now) {
		return time.Time{}
	}
	return r.deadline(account)
}
