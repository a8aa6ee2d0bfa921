package notice

import "sync/atomic"

// Counters count since the start, by channel.
type Counters map[string]Count

// Count is what became of the notices of one channel.
type Count struct {
	Delivered uint64
	Failed    uint64 // tries
	GivenUp   uint64
}

// outcome is what is counted.
type outcome int

const (
	delivered outcome = iota
	failed
	givenUp

	outcomes // how many there are
)

type counters [outcomes]atomic.Uint64

// count counts for a channel that is there.
func (c *channel) count(o outcome) {
	if c != nil {
		c.counters[o].Add(1)
	}
}

// Counters returns the counts of the channels that are configured.
func (s *Sender) Counters() Counters {
	counts := make(Counters, len(s.channels))
	for name, c := range s.channels {
		counts[name] = Count{
			Delivered: c.counters[delivered].Load(), Failed: c.counters[failed].Load(), GivenUp: c.counters[givenUp].Load(),
		}
	}
	return counts
}
