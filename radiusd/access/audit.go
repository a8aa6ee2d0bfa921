package access

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"vpn-otpd/store"
)

// Events of the audit log.
const (
	EventLogin       = "login"
	EventAlarm       = "alarm"         // five wrong codes after a right password
	EventResetByHand = "reset_by_hand" // in the database itself
)

const alarmText = "wrong codes after a right password: the password may be stolen"

// nobody is the actor of what no administrator did.
var nobody = store.Actor{UID: -1}

// record writes the decision down. A State that stands for nothing is a
// stranger's failure and only counted.
func (g *Gate) record(tx *store.Tx, l *login, f *facts, o outcome) error {
	if strings.HasPrefix(string(o.reason), "state_") {
		return g.countRefusal(tx, l, o.reason, f.account.Name)
	}
	r := store.Record{
		Decision: l.id, Event: EventLogin, Reason: string(o.reason), User: f.account.Name, Client: l.Client.Name,
		CallingStation: printable(l.CallingStation), Actor: nobody, Detail: detail(f, o),
	}
	if err := tx.Audit(r); err != nil || !o.locksNow {
		return err
	}
	r.Event, r.Detail = EventAlarm, alarmText
	if err := l.settings.tell(tx, store.Notice{User: r.User, Event: EventAlarm, Address: r.CallingStation, Actor: "unknown"}); err != nil {
		return err
	}
	return tx.Audit(r)
}

func detail(f *facts, o outcome) string {
	words := []string{"verdict=" + string(o.verdict)}
	if f.match.device.Label != "" {
		words = append(words, "device="+strconv.Quote(f.match.device.Label))
	}
	if f.match.drifts {
		words = append(words, "clock=off")
	}
	if o.closed != "" {
		words = append(words, "closed="+string(o.closed))
	}
	if o.lock != nil {
		words = append(words, "failures="+strconv.Itoa(o.lock.Failures))
	}
	if o.locksNow {
		words = append(words, "locked_until="+f.account.Lock.Until.UTC().Format(time.RFC3339))
	}
	return strings.Join(words, " ")
}

// settleResetByHand turns the note that a reset in the database left into an
// audit record.
func settleResetByHand(tx *store.Tx, settings *Settings, account store.Account) error {
	if account.ResetByHandAt.IsZero() {
		return nil
	}
	if err := settings.tell(tx, store.Notice{User: account.Name, Event: EventResetByHand, Actor: "database"}); err != nil {
		return err
	}
	err := tx.Audit(store.Record{Event: EventResetByHand, Reason: "reset", User: account.Name, Actor: nobody,
		Detail: "at=" + account.ResetByHandAt.UTC().Format(time.RFC3339)})
	if err != nil {
		return err
	}
	return tx.ClearResetByHand(account.Name)
}

// refuseUnidentified refuses who didn't get as far as the second factor.
func (g *Gate) refuseUnidentified(ctx context.Context, l *login, reason Reason) (Decision, error) {
	var known bool
	err := g.store.Update(ctx, func(tx *store.Tx) (err error) {
		user := ""
		if l.asked != "" {
			if _, known, err = tx.Account(l.asked); err != nil {
				return err
			}
		}
		if known {
			user = l.asked
		}
		return g.countRefusal(tx, l, reason, user)
	})
	if err != nil {
		return Decision{}, err
	}
	d := Decision{ID: l.id, Verdict: Reject, Reason: reason}
	if known {
		d.User = l.asked
	}
	return d, nil
}

// countRefusal counts by the minute, so that strangers can't fill the disk.
func (g *Gate) countRefusal(tx *store.Tx, l *login, reason Reason, user string) error {
	source := ""
	if address := sourceOf(l.CallingStation); address.IsValid() {
		source = networkOf(address).String()
	}
	if !g.refusals.roomFor(tx.Now(), refusalKey{reason, l.Client.Name, source, user}) {
		source, user = "others", ""
	}
	return tx.CountRefusal(string(reason), l.Client.Name, source, user)
}

// refusalRows is how many kinds of refusal a minute may have; what is beyond
// them is counted together.
const refusalRows = 1000

type refusalKey struct {
	reason               Reason
	client, source, user string
}

// refusals remembers the kinds of refusal of this minute.
type refusals struct {
	mutex  sync.Mutex
	minute time.Time
	kinds  map[refusalKey]bool
}

func (r *refusals) roomFor(now time.Time, key refusalKey) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if minute := now.Truncate(time.Minute); r.kinds == nil || !minute.Equal(r.minute) {
		r.minute, r.kinds = minute, make(map[refusalKey]bool)
	}
	if !r.kinds[key] && len(r.kinds) >= refusalRows {
		return false
	}
	r.kinds[key] = true
	return true
}
