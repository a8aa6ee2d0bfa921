package radiusd

// queue holds requests until a worker is free. Those that go on with a login
// under way are taken first (RFC 5080 section 2.2.3).
type queue struct {
	preferred chan *exchange
	ordinary  chan *exchange
}

// newQueue makes a queue of two times size requests at most.
func newQueue(size int) *queue {
	return &queue{preferred: make(chan *exchange, size), ordinary: make(chan *exchange, size)}
}

// add is false if the queue is full. It must not be called after close.
func (q *queue) add(x *exchange, preferred bool) bool {
	into := q.ordinary
	if preferred {
		into = q.preferred
	}
	select {
	case into <- x:
		return true
	default:
		return false
	}
}

// next waits for a request; ok is false when the queue is closed and empty.
func (q *queue) next() (x *exchange, ok bool) {
	select {
	case x, ok = <-q.preferred:
		if ok {
			return x, true
		}
	default:
	}
	select {
	case x, ok = <-q.preferred:
		if !ok {
			x, ok = <-q.ordinary
		}
	case x, ok = <-q.ordinary:
		if !ok {
			x, ok = <-q.preferred
		}
	}
	return x, ok
}

// nextPreferred is next for workers that are kept free for logins under way.
func (q *queue) nextPreferred() (x *exchange, ok bool) {
	x, ok = <-q.preferred
	return x, ok
}

// close lets next return what is still there, and then end.
func (q *queue) close() {
	close(q.preferred)
	close(q.ordinary)
}

func (q *queue) waiting() int { return len(q.preferred) + len(q.ordinary) }
