package access

import (
	"net/netip"
	"time"

	"vpn-otpd/radiusd/totp"
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
	return r.start(account).Add(r.EnrollWithin)
}

// start is since when the time to enroll counts.
func (r FirstUse) start(account store.Account) time.Time {
	start := r.Since
	if account.CreatedAt.After(start) {
		start = account.CreatedAt
	}
	if account.Policy == store.PolicyRequired && account.PolicyAt.After(start) {
		start = account.PolicyAt
	}
	return start
}

// grace is until when a login of a user who isn't enrolled passes on the
// password; zero: it doesn't.
func (r FirstUse) grace(account store.Account, now time.Time) time.Time {
	if r.How == "" || r.EnrollWithin == 0 || account.EverEnrolled || !r.deadline(account).After(now) {
		return time.Time{}
	}
	return r.deadline(account)
}

const (
	// firstUseLifetime is how long a first use may take: its State, its ticket
	// and its secret live so long, from the last login that goes on with it.
	firstUseLifetime = 10 * time.Minute
	// firstUseLongest is how long logins can go on with one first use.
	firstUseLongest = 30 * time.Minute
	// firstUseTries are the answers that its challenge takes.
	firstUseTries = 5
)

// grace is until when this login passes although the user isn't enrolled.
func (f *facts) grace(rule FirstUse) time.Time {
	if f.client.RequireAlways {
		return time.Time{}
	}
	return rule.grace(f.account, f.now)
}

// firstUse is what happens to a user who must have a device and has none.
func (f *facts) firstUse(rule FirstUse, locked bool) outcome {
	f.ruleFirstUse(rule)
	if !f.grace(rule).IsZero() {
		return f.passUnasked(EnrollmentGrace)
	}
	if rule.How == "" {
		return refuse(EnrollmentRequired)
	}
	if closed := rule.closed(f.account, f.carried.Source, f.now); closed != "" {
		return outcome{verdict: Reject, reason: EnrollmentClosed, closed: closed}
	}
	if rule.How != FirstUseChallenge || f.client.Mode != ModeChallenge {
		return refuse(EnrollmentRequired)
	}
	reason := EnrollmentRequired
	if locked {
		reason = Locked
	}
	return outcome{verdict: Challenge, reason: reason, triesLeft: firstUseTries, firstUse: true}
}

// answersFirstUse reports whether this is the answer to the challenge of a first
// use, and not a code that the helpdesk gave meanwhile.
func (f *facts) answersFirstUse() bool {
	return f.enrollment != nil && (f.match.kind == matchNone || f.match.kind == matchPending)
}

// answerFirstUse judges the answer by the rules of now: first use may have been
// closed since it was begun.
func (f *facts) answerFirstUse(rule FirstUse, locked bool) outcome {
	if rule.How != FirstUseChallenge || rule.closed(f.account, f.carried.Source, f.now) != "" {
		return f.firstUse(rule, locked)
	}
	var o outcome
	switch {
	case locked && f.match.kind == matchPending:
		o = f.askAgain(LockedCodeRight)
	case locked:
		o = f.askAgain(Locked)
	case f.match.kind == matchPending:
		return outcome{verdict: Accept, reason: FirstUseAccepted, burns: true}
	case f.typed == typedCode:
		o = f.countWrong(EnrollmentWrong)
	case f.enrollment.Sealed == nil:
		o = f.askAgain(EnrollmentNotBegun)
	default:
		o = f.askAgain(EnrollmentWrong)
	}
	o.firstUse = o.verdict == Challenge
	return o
}

// beginFirstUse makes the enrollment that a challenge of first use stands for,
// or goes on with the one that is under way for the same place. One that a
// second browser wanted isn't gone on with: nobody knows who opened it.
func (g *Gate) beginFirstUse(tx *store.Tx, l *login, f *facts) error {
	if f.enrollment != nil { // the challenge is repeated
		return goOn(tx, f, *f.enrollment)
	}
	source := addressText(f.carried.Source)
	e, found, err := tx.EnrollmentOfKind(f.account.Name, store.EnrollmentFirstUse)
	if err != nil {
		return err
	}
	same := found && e.Epoch == f.account.Epoch && e.Client == l.Client.Name && e.Source == source && !e.Contested &&
		!e.CreatedAt.Add(firstUseLongest-firstUseLifetime).Before(tx.Now())
	if same && (source != "" || !l.Client.RevealSecret) {
		return goOn(tx, f, e)
	}
	return g.newFirstUse(tx, l, f, source)
}

// goOn goes on with an enrollment, for the time that a login may take.
func goOn(tx *store.Tx, f *facts, e store.Enrollment) error {
	e.ExpiresAt = tx.Now().Add(firstUseLifetime)
	if longest := e.CreatedAt.Add(firstUseLongest); e.ExpiresAt.After(longest) {
		e.ExpiresAt = longest
	}
	f.enrollment = &e
	return tx.ExtendEnrollment(e, e.ExpiresAt)
}

func (g *Gate) newFirstUse(tx *store.Tx, l *login, f *facts, source string) error {
	e := l.settings.newEnrollment(f.account, store.EnrollmentFirstUse)
	e.Client, e.Source, e.ExpiresAt = l.Client.Name, source, tx.Now().Add(firstUseLifetime)
	e, err := g.addTicketed(tx, e)
	if err != nil {
		return err
	}
	if l.Client.RevealSecret {
		if e, err = g.drawSecret(tx, e); err != nil {
			return err
		}
	}
	f.enrollment = &e
	return tx.Audit(store.Record{Decision: l.id, Event: EventFirstUseBegun, User: f.account.Name, Client: l.Client.Name,
		CallingStation: printable(l.CallingStation), Actor: nobody})
}

// newEnrollment is one of a user, with what new devices are. All devices of a
// user show equally many digits.
func (s *Settings) newEnrollment(account store.Account, kind store.EnrollmentKind) store.Enrollment {
	e := store.Enrollment{User: account.Name, Kind: kind, Epoch: account.Epoch,
		Algorithm: s.NewDevices.Algorithm, Digits: s.NewDevices.Digits, Period: s.NewDevices.Period}
	if len(account.Devices) > 0 {
		e.Digits = account.Devices[0].Digits
	}
	return e
}

// addTicketed keeps an enrollment that a ticket opens; the user's earlier ticket
// is void.
func (g *Gate) addTicketed(tx *store.Tx, e store.Enrollment) (store.Enrollment, error) {
	if err := tx.RemoveTickets(e.User); err != nil {
		return e, err
	}
	for {
		var err error
		if e.ID, err = g.drawID(); err != nil {
			return e, err
		}
		e.Ticket, _ = ticketMAC(g.store, ticketOf(g.store, e.ID))
		_, taken, err := tx.EnrollmentByTicket(e.Ticket)
		if err != nil {
			return e, err
		}
		if !taken {
			return e, tx.AddEnrollment(e)
		}
	}
}

// drawSecret draws the secret of the new device. It counts for ten minutes; that
// of a first use as long as the login that waits for it.
func (g *Gate) drawSecret(tx *store.Tx, e store.Enrollment) (store.Enrollment, error) {
	secret, err := totp.NewSecret(g.random)
	if err != nil {
		return e, err
	}
	until := tx.Now().Add(pendingLifetime)
	if e.Kind == store.EnrollmentFirstUse || e.ExpiresAt.Before(until) {
		until = e.ExpiresAt
	}
	return tx.SetEnrollmentSecret(e, secret, until)
}

// present puts into the decision what the challenge of a first use shows.
func (g *Gate) present(d *Decision, client Client, e store.Enrollment) error {
	if !client.RevealSecret || e.Sealed == nil {
		d.Ticket = ticketOf(g.store, e.ID)
		return nil
	}
	secret, err := g.store.OpenPending(e)
	if err != nil {
		return err
	}
	d.Secret = totp.FormatSecret(secret)
	return nil
}

// completeFirstUse makes the device count, once.
func (g *Gate) completeFirstUse(tx *store.Tx, f *facts) (won bool, err error) {
	e := *f.enrollment
	f.enrollment = nil
	account, won, err := g.activate(tx, f.settings, e, f.account, f.match.step, f.field, e.Source)
	if err != nil || !won {
		return false, err
	}
	f.account, f.match.device = account, account.Devices[len(account.Devices)-1]
	return true, nil
}
