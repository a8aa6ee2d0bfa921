package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"vpn-otpd/store"
)

// Rule is one step of a decision, for an administrator: what was looked at, what
// was found, and what decided it.
type Rule struct {
	Name   string // "account", "policy", "enrollment", "first_use", "lock"
	Found  string
	Detail string
}

// Explanation is the decision that a login would get now, after the right
// password, by the very code that decides.
type Explanation struct {
	ID       string
	User     string // canonical
	Client   string
	Rules    []Rule
	Verdict  Verdict
	Reason   Reason
	Closed   Closed           // why first use isn't open, where that is the reason
	WithCode *Explanation     // what the right code would get; nil where none is asked or there is none
	Records  []store.Record   // the newest, newest first
	Refusals []store.Refusals // the newest failures before the first factor
}

// Explain says what would happen to a user at a client, and writes nothing. from
// is where the user is, as far as it is known.
func (a *Accounts) Explain(ctx context.Context, name string, client Client, from netip.Addr) (Explanation, error) {
	canonical, err := a.Canonical(name)
	if err != nil {
		return Explanation{}, err
	}
	l := &login{Request: Request{Client: client, UserName: name, CallingStation: addressText(from)},
		id: rand.Text()[:13], settings: a.gate.settings.Load(), asked: canonical, identified: canonical}
	x := Explanation{ID: l.id, User: canonical, Client: client.Name}
	l.carried.Source = from
	l.Client.Mode = modeAt(l.settings, l.carried.subject(l.Client, a.gate.now()))
	groups := a.gate.groupsFor(ctx, l)
	err = a.store.View(ctx, func(tx *store.Tx) error {
		f, err := a.gate.gather(tx, l)
		if err != nil {
			return err
		}
		f.rules = &x.Rules
		f.ruleGroups(groups)
		f.carried.Former = a.gate.leftToFormer(l, f)
		o := evaluate(f)
		x.Verdict, x.Reason, x.Closed = o.verdict, o.reason, o.closed
		f.rules = nil
		if o.reason == CodeNeeded || o.reason == Locked {
			x.WithCode = withCode(f)
		}
		if x.Records, err = tx.RecentRecords(canonical, recentShown); err != nil {
			return err
		}
		x.Refusals, err = tx.RecentRefusals(canonical, recentShown)
		return err
	})
	return x, err
}

// recentShown is how many records are shown beside an explanation.
const recentShown = 10

// withCode is what the right code would get.
func withCode(f *facts) *Explanation {
	f.typed, f.match.kind = typedCode, matchTOTP
	if len(f.account.Devices) == 0 {
		f.match.kind = matchTemporary
	}
	o := evaluate(f)
	return &Explanation{Verdict: o.verdict, Reason: o.reason}
}

func (f *facts) rule(name, found, detail string, arguments ...any) {
	if f.rules != nil {
		*f.rules = append(*f.rules, Rule{Name: name, Found: found, Detail: fmt.Sprintf(detail, arguments...)})
	}
}

// groupsFor finds the user's groups, and says who told them.
func (g *Gate) groupsFor(ctx context.Context, l *login) (toldBy string) {
	directory, ok := g.first.(Directory)
	if !ok || !l.settings.Directory || len(l.settings.Groups) == 0 {
		return "as of the last login"
	}
	identity, err := directory.Lookup(ctx, l.asked)
	if err == nil {
		err = l.takeIdentity(identity)
	}
	switch {
	case errors.Is(err, ErrUserUnknown):
		return "the first factor knows no such user"
	case err != nil:
		return "as of the last login: the first factor can't be asked now"
	}
	return "as the first factor says now"
}

func (f *facts) ruleGroups(toldBy string) {
	if len(f.settings.Groups) == 0 {
		return
	}
	found := strings.Join(f.carried.Groups, ", ")
	switch {
	case !f.carried.GroupsKnown:
		found = "not known"
	case found == "":
		found = "none"
	}
	f.rule("groups", found, "%s; of those that a rule names", toldBy)
}

// leftToFormer reports whether the login would go to the server that users move
// away from.
func (g *Gate) leftToFormer(l *login, f *facts) bool {
	left := g.migrating(l) && !f.account.EverEnrolled && !f.hasMeans && f.standing().asks
	if left {
		f.rule("migration", "former server", "until %s, for who was never enrolled here", l.settings.MigrateUntil.UTC().Format(time.RFC3339))
	}
	return left
}

func (f *facts) ruleAccount() {
	switch {
	case !f.known:
		f.rule("account", "unknown", "the store knows nothing of the name: it may be a user of another first factor, or of none")
	case f.account.Disabled:
		f.rule("account", "disabled", "by an administrator")
	case f.account.CreatedAt.IsZero():
		f.rule("account", "known", "from another first factor")
	default:
		f.rule("account", "known", "since %s", f.account.CreatedAt.UTC().Format(time.RFC3339))
	}
}

func (f *facts) ruleStanding(s standing) {
	found := "optional"
	switch {
	case s.requires:
		found = "required"
	case !s.asks:
		found = string(s.reason)
	}
	f.rule("policy", found, "by %s", s.by)
	switch devices := len(f.account.Devices); {
	case devices > 0:
		f.rule("enrollment", "enrolled", "%d of at most %d devices", devices, MaxDevices)
	case f.hasMeans:
		f.rule("enrollment", "not enrolled", "a temporary code is live")
	case f.account.EverEnrolled:
		f.rule("enrollment", "not enrolled", "had a device until %s", f.account.ResetAt.UTC().Format(time.RFC3339))
	default:
		f.rule("enrollment", "not enrolled", "never had a device")
	}
}

func (f *facts) ruleFirstUse(r FirstUse) {
	if by := f.grace(r); !by.IsZero() {
		f.rule("first_use", "not due", "until %s", by.UTC().Format(time.RFC3339))
		return
	}
	switch closed := r.closed(f.account, f.carried.Source, f.now); {
	case r.How == "":
		f.rule("first_use", "closed", "there is no enrollment page")
	case closed == ClosedNetwork && !f.carried.Source.IsValid():
		f.rule("first_use", "closed", "it is open to some networks only, and where the user is isn't known")
	case closed != "":
		f.rule("first_use", "closed", "%s", closedWords[closed])
	default:
		f.rule("first_use", "open", "first_use = %q", string(r.How))
	}
}

var closedWords = map[Closed]string{
	ClosedInvitation: "by invitation only",
	ClosedNetwork:    "not from the user's network",
	ClosedDeadline:   "the deadline has passed: an invitation is needed",
	ClosedReset:      "the time after the reset has passed: an invitation is needed",
}

func (f *facts) ruleLock(locked bool) {
	lock := f.account.Lock
	if locked {
		f.rule("lock", "locked", "until %s", lock.Until.UTC().Format(time.RFC3339))
		return
	}
	f.rule("lock", "open", "%d of %d wrong codes", lock.Failures, f.settings.Lockout.Failures)
}
