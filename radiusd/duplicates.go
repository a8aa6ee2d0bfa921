package radiusd

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// rememberFor is how long a request is recognized when it comes again
// (RFC 5080 section 2.2.2: 5 to 30 s).
const rememberFor = 30 * time.Second

// duplicates remembers requests and their replies. It holds no more than limit
// requests, whatever comes.
type duplicates struct {
	mutex    sync.Mutex
	limit    int
	entries  map[duplicateKey]*entry
	answered *list.List // of *entry, the one answered longest ago first
	replaced func()     // called for each request in flight that another one replaces
	// scheduled are the replies that wait for their time.
	scheduled sync.WaitGroup
}

// route is the way back to who asked.
type route struct {
	link   link
	local  netip.Addr // the address that was asked; the zero one: whatever the link has
	remote netip.AddrPort
}

// duplicateKey is what a client may not use for two requests at once.
type duplicateKey struct {
	route
	identifier byte
	code       byte
}

// entry is one request that is known.
type entry struct {
	key           duplicateKey
	authenticator [authenticatorLength]byte
	length        int
	verified      bool // it proves that the client made it
	arrived       time.Time
	timer         *time.Timer   // of a reply that waits for its time
	reply         []byte        // nil while it is in flight
	place         *list.Element // in answered
}

// same reports whether a request is this one again.
func (e *entry) same(other *entry) bool {
	return e.verified == other.verified && e.length == other.length && e.authenticator == other.authenticator
}

func newDuplicates(limit int, replaced func()) *duplicates {
	return &duplicates{limit: limit, entries: make(map[duplicateKey]*entry), answered: list.New(), replaced: replaced}
}

// begin takes a request in. kept: it is new, or replaces another one, and is to
// be answered. A reply: it was answered, and gets these octets again. Any other
// cause: it is dropped.
//
// A request whose Message-Authenticator wasn't verified can be anybody's: it
// touches no entry of one that was (RFC 5080 section 2.2.2).
func (d *duplicates) begin(request *entry) (reply []byte, cause drop) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.expire(request.arrived)
	known, ok := d.entries[request.key]
	if ok && request.arrived.Sub(known.arrived) >= rememberFor {
		d.remove(known)
		ok = false
	}
	switch {
	case ok && known.same(request) && known.reply == nil:
		return nil, dropInFlight
	case ok && known.same(request):
		return known.reply, kept
	case ok && known.verified && !request.verified:
		return nil, dropConflict
	case ok:
		if known.reply == nil {
			d.replaced()
		}
		d.remove(known)
	case !d.makeRoom():
		return nil, dropFull
	}
	d.entries[request.key] = request
	return nil, kept
}

// schedule has a reply sent later, unless another request replaces this one
// until then. So no more replies wait than requests are remembered.
func (d *duplicates) schedule(request *entry, wait time.Duration, send func()) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.entries[request.key] != request {
		return
	}
	d.scheduled.Add(1)
	request.timer = time.AfterFunc(wait, func() {
		defer d.scheduled.Done()
		send()
	})
}

// finish keeps the reply of a request. It is false where the request is not
// known any more: then the reply must not be sent.
func (d *duplicates) finish(request *entry, reply []byte) bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.entries[request.key] != request {
		return false
	}
	request.reply, request.timer = reply, nil
	request.place = d.answered.PushBack(request)
	return true
}

// forget gives up a request that gets no reply: when it comes again, it is new.
func (d *duplicates) forget(request *entry) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.entries[request.key] == request {
		d.remove(request)
	}
}

// size is how many requests are remembered.
func (d *duplicates) size() int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return len(d.entries)
}

// expire drops what was answered and is old enough.
func (d *duplicates) expire(now time.Time) {
	for first := d.answered.Front(); first != nil; first = d.answered.Front() {
		oldest := first.Value.(*entry)
		if now.Sub(oldest.arrived) < rememberFor {
			return
		}
		d.remove(oldest)
	}
}

// makeRoom forgets the entry that was answered longest ago where the limit is
// reached. It is false if all of them are in flight.
func (d *duplicates) makeRoom() bool {
	if len(d.entries) < d.limit {
		return true
	}
	oldest := d.answered.Front()
	if oldest == nil {
		return false
	}
	d.remove(oldest.Value.(*entry))
	return true
}

func (d *duplicates) remove(e *entry) {
	delete(d.entries, e.key)
	if e.timer != nil && e.timer.Stop() {
		d.scheduled.Done()
	}
	if e.place != nil {
		d.answered.Remove(e.place)
		e.place = nil
	}
}
