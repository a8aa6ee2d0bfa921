package access

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Throttle says how wrong passwords are slowed: before the first factor is
// asked, so that nobody locks an account of the directory through us.
type Throttle struct {
	Failures        int           // of a name from one source; then it waits
	Wait            time.Duration // the first wait, then twice as long each time
	Longest         time.Duration // but never longer
	NetworkFailures int           // of all names from one network
}

const (
	throttleForget  = 10 * time.Minute // one failure ages in this time
	throttleEntries = 100_000          // names and networks remembered at most
)

// throttle counts wrong passwords. It is of this process alone: what it holds
// back is load on a directory, and it is no lock.
type throttle struct {
	mutex   sync.Mutex
	entries map[throttleKey]*throttleEntry
}

type throttleKey struct {
	name   string // "" for a network
	source string
}

type throttleEntry struct {
	failures  int
	failedAt  time.Time
	lastField string // MAC of the field that was wrong last, and when
	lastAt    time.Time
	until     time.Time
	pending   int
	ended     chan struct{} // closed and replaced when a pending try ends
}

// attempt is one try of a password that was let through.
type attempt struct {
	throttle *throttle
	rule     Throttle
	limits   map[throttleKey]int
	field    string
}

func newThrottle() throttle {
	return throttle{entries: make(map[throttleKey]*throttleEntry)}
}

// throttleName is what a name is slowed by. Directories take more spellings for
// one user than we do: other widths and shapes of letters, marks that nobody
// sees, any number of blanks, realms before and behind.
func throttleName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Cf, unicode.Mn) {
			return -1
		}
		return r
	}, norm.NFKD.String(name))
	name = fold(strings.Join(strings.Fields(name), " "))
	if short := stripRealm(name[strings.LastIndex(name, "/")+1:]); short != "" {
		return short
	}
	return name
}

// limits are what a try of a name counts towards.
func (r Throttle) limits(name, client string, source netip.Addr) map[throttleKey]int {
	name = throttleName(name)
	if !source.IsValid() {
		return map[throttleKey]int{{name: name, source: "client " + client}: r.Failures}
	}
	return map[throttleKey]int{
		{name: name, source: source.String()}: r.Failures,
		{source: networkOf(source).String()}:  r.NetworkFailures,
	}
}

// Ways in which begin doesn't let a try through.
var (
	errThrottled = errors.New("too many failures before this one")
	errSameField = errors.New("the same field was wrong just before")
)

// begin lets a try through, or says why not. Tries of one name under way at once
// are not more than the failures it has left: further ones wait for them to end.
// A field that was wrong just before is wrong again without a look: who sends it
// over and over must not get a directory to lock the account.
func (t *throttle) begin(ctx context.Context, rule Throttle, now func() time.Time, limits map[throttleKey]int, field string) (*attempt, error) {
	a := &attempt{throttle: t, rule: rule, limits: limits, field: field}
	for {
		wait, err := t.reserve(a, now())
		if wait == nil {
			return a, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ErrBusy
		}
	}
}

// reserve counts a as under way. It returns a channel to wait on where it can't
// say yet.
func (t *throttle) reserve(a *attempt, now time.Time) (wait <-chan struct{}, err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for key, limit := range a.limits {
		entry := t.entry(key, now)
		switch left := max(1, limit-entry.failures); {
		case now.Before(entry.until):
			return nil, errThrottled
		case a.field != "" && key.name != "" && entry.lastField == a.field && now.Sub(entry.lastAt) < sameFieldFor:
			return nil, errSameField
		case entry.pending >= left:
			return entry.ended, nil
		}
	}
	for key := range a.limits {
		t.entry(key, now).pending++
	}
	return nil, nil
}

// end says how a try ended: as a failure, which counts one, or so that one counts
// less (-1): a question that was counted until it was answered rightly.
func (a *attempt) end(failures int, wrong bool, now time.Time) {
	a.throttle.mutex.Lock()
	defer a.throttle.mutex.Unlock()
	for key, limit := range a.limits {
		entry := a.throttle.entry(key, now)
		entry.pending--
		close(entry.ended)
		entry.ended = make(chan struct{})
		if wrong && entry.lastField == a.field && now.Sub(entry.lastAt) < sameFieldFor {
			continue // clients repeat themselves
		}
		if wrong {
			entry.lastField, entry.lastAt = a.field, now
		}
		if failures <= 0 {
			entry.failures = max(0, entry.failures+failures)
			continue
		}
		entry.failures++
		entry.failedAt = now
		if over := entry.failures - limit; over >= 0 {
			entry.until = now.Add(a.rule.wait(over))
		}
	}
}

func (r Throttle) wait(over int) time.Duration {
	wait := r.Wait
	for range over {
		if wait >= r.Longest {
			break
		}
		wait *= 2
	}
	return min(wait, r.Longest)
}

// entry returns the entry of a key as it stands now.
func (t *throttle) entry(key throttleKey, now time.Time) *throttleEntry {
	entry, ok := t.entries[key]
	if !ok {
		t.makeRoom()
		entry = &throttleEntry{ended: make(chan struct{})}
		t.entries[key] = entry
	}
	if aged := int(now.Sub(entry.failedAt) / throttleForget); aged > 0 && entry.failures > 0 {
		entry.failures = max(0, entry.failures-aged)
		entry.failedAt = entry.failedAt.Add(time.Duration(aged) * throttleForget)
	}
	return entry
}

// makeRoom forgets an entry with no try under way, the one of the first few
// that failed longest ago: a full table costs memory of failures, not a login.
func (t *throttle) makeRoom() {
	if len(t.entries) < throttleEntries {
		return
	}
	var oldest throttleKey
	var found bool
	looked := 0
	for key, entry := range t.entries {
		if entry.pending == 0 && (!found || entry.failedAt.Before(t.entries[oldest].failedAt)) {
			oldest, found = key, true
		}
		if looked++; looked == 16 && found {
			break
		}
	}
	if found {
		delete(t.entries, oldest)
	}
}
