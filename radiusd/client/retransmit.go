package client

import (
	"math/rand/v2"
	"time"
)

// Retransmission says when a request is sent again (RFC 5080, section 2.2.1).
// Zero values: the defaults of the RFC.
type Retransmission struct {
	First   time.Duration // until the second sending; 2 s
	Longest time.Duration // between two sendings; 16 s
	Count   int           // sendings at most; 5
	Total   time.Duration // until the request is given up; 30 s
	// Jitter is a factor from -0.1 to 0.1; nil: by chance.
	Jitter func() float64
}

func (r Retransmission) withDefaults() Retransmission {
	if r.First == 0 {
		r.First = 2 * time.Second
	}
	if r.Longest == 0 {
		r.Longest = 16 * time.Second
	}
	if r.Count == 0 {
		r.Count = 5
	}
	if r.Total == 0 {
		r.Total = 30 * time.Second
	}
	if r.Jitter == nil {
		r.Jitter = func() float64 { return rand.Float64()*0.2 - 0.1 }
	}
	return r
}

// next is how long to wait after a wait of previous; 0: after the first sending.
func (r Retransmission) next(previous time.Duration) time.Duration {
	factor := 1 + r.Jitter()
	if previous == 0 {
		return time.Duration(float64(r.First) * factor)
	}
	wait := time.Duration(float64(previous) * (1 + factor))
	if wait > r.Longest {
		wait = time.Duration(float64(r.Longest) * factor)
	}
	return wait
}
