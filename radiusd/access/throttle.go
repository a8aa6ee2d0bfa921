package access

import (
	"context"
	"net/netip"
	"sync"
	"time"
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
	lastField string
	until     time.Time
	pending   int
	ended     chan struct{} // closed and replaced when a pending try ends
}

// attempt is one try of a password that was let through.
type attempt struct {
	throttle *throttle
	rule     Throttle
	limits   map[throttleKey]int
}

func newThrottle() throttle {
	return throttle{entries: make(map[throttleKey]*throttleEntry)}
}

// limits are what a try of a name counts towards.
func (r Throttle) limits(name, client string, source netip.Addr) map[throttleKey]int {
	if !source.IsValid() {
		return map[throttleKey]int{{name: name, source: "client " + client}: r.Failures}
	}
	return map[throttleKey]int{
		{name: name, source: source.String()}: r.Failures,
		{source: networkOf(source).String()}:  r.NetworkFailures,
	}
}

// begin lets a try through, or not. Tries of one name under way at once are not
// more than the failures it has left: further ones wait for them to end.
func (t *throttle) begin(ctx context.Context, rule Throttle, now func() time.Time, limits map[throttleKey]int) (*attempt, bool, error) {
	a := &attempt{throttle: t, rule: rule, limits: limits}
	for {
		wait, allowed := t.reserve(a, now())
		if wait == nil {
			return a, allowed, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, false, ErrBusy
		}
	}
}

// reserve counts a as under way. It returns a channel to wait on where it can't
// say yet.
func (t *throttle) reserve(a *attempt, now time.Time) (wait <-chan struct{}, allowed bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for key, limit := range a.limits {
		entry := t.entry(key, now)
		if now.Before(entry.until) {
			return nil, false
		}
		if left := max(1, limit-entry.failures); entry.pending >= left {
			return entry.ended, false
		}
	}
	for key := range a.limits {
		t.entry(key, now).pending++
	}
	return nil, true
}

// end says how a try ended. A field that failed just before is no new failure:
// clients repeat themselves.
func (a *attempt) end(failed bool, field []byte, now time.Time) {
	a.throttle.mutex.Lock()
	defer a.throttle.mutex.Unlock()
	for key, limit := range a.limits {
		entry := a.throttle.entry(key, now)
		entry.pending--
		close(entry.ended)
		entry.ended = make(chan struct{})
		if !failed || entry.lastField == string(field) && now.Sub(entry.failedAt) < sameFieldFor {
			continue
		}
		entry.failures++
		entry.failedAt, entry.lastField = now, string(field)
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
