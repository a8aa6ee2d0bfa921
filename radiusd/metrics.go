package radiusd

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"vpn-otpd/radiusd/access"
)

// drop says why a datagram or a request gets no answer.
type drop uint8

const (
	kept drop = iota // it gets one
	dropUnknownClient
	dropLength
	dropCode
	dropAttribute
	dropAuthenticatorWrong
	dropAuthenticatorMissing
	dropProxyState
	dropInFlight
	dropConflict
	dropFull
	dropQueueFull
	dropLate
	dropReplaced
	dropBusy
	dropBackend
	dropStore
	dropFault
	dropPanic
	dropTooLarge
	dropSend
	dropStatusRefused
	dropStatusRate
	dropStatusUnhealthy
	dropRequestAuthenticator
	dropAccounting
	dropAccountingStatus

	drops // how many causes there are
)

// String is the cause in the log and in the metrics.
func (d drop) String() string {
	return [drops]string{
		kept:                     "",
		dropUnknownClient:        "unknown_client",
		dropLength:               "length",                        // of the packet
		dropCode:                 "code",                          // not a request for this port
		dropAttribute:            "attribute",                     // its borders are broken, or there are too many
		dropAuthenticatorWrong:   "message_authenticator_wrong",   //
		dropAuthenticatorMissing: "message_authenticator_missing", //
		dropProxyState:           "proxy_state",                   // without Message-Authenticator
		dropInFlight:             "in_flight",                     // asked again before the answer
		dropConflict:             "conflict",                      // an unverified request in place of a verified one
		dropFull:                 "too_many_in_flight",            //
		dropQueueFull:            "queue_full",                    //
		dropLate:                 "late",                          // waited too long for a worker
		dropReplaced:             "replaced",                      // the client gave the request up for another one
		dropBusy:                 "busy",                          // these three by the gate
		dropBackend:              "backend",                       //
		dropStore:                "store",                         //
		dropFault:                "fault",                         // any other error of the gate
		dropPanic:                "panic",                         //
		dropTooLarge:             "reply_too_large",               //
		dropSend:                 "send",                          // the reply could not be sent
		dropStatusRefused:        "status_refused",                // the client may not ask
		dropStatusRate:           "status_rate",                   // it asks too often
		dropStatusUnhealthy:      "status_unhealthy",              //
		dropRequestAuthenticator: "request_authenticator_wrong",   // these three of accounting
		dropAccounting:           "accounting_malformed",          // what it must not have, or not enough
		dropAccountingStatus:     "accounting_status",             // no kind of event that is kept
	}[d]
}

// counters count since the server was made.
type counters struct {
	received                             atomic.Uint64
	accepts, rejects, challenges, status atomic.Uint64
	repeated, recorded                   atomic.Uint64
	malformed, unsupported               atomic.Uint64
	dropped                              [drops]atomic.Uint64
}

// traffic is what one client sends.
type traffic struct {
	requests, withoutMessageAuthenticator atomic.Uint64
	lastSeen                              atomic.Int64 // nanoseconds since 1970
}

// Snapshot is what the counters say at a moment. Counts start with the process.
type Snapshot struct {
	Received uint64            // datagrams
	Answered map[string]uint64 // replies: accept, reject, challenge, or recorded; status, repeated
	Refused  map[string]uint64 // rejects that the gate wasn't asked for, by access.Reason
	Dropped  map[string]uint64 // datagrams and requests without an answer, by cause
	// Waiting are requests in the queue now, Remembered those that would be
	// recognized if they came again.
	Waiting, Remembered int
	Clients             []ClientSnapshot // by name
}

// ClientSnapshot is what is known of one client's traffic.
type ClientSnapshot struct {
	Name string
	// Requests are well-formed ones, except those whose Message-Authenticator is
	// wrong. Without counts those of them that carry none, also where they are
	// dropped for it.
	Requests, WithoutMessageAuthenticator uint64
	LastSeen                              time.Time // the zero time: never
}

// Snapshot returns the counters as they stand.
func (s *Server) Snapshot() Snapshot {
	c := &s.counters
	snapshot := Snapshot{
		Received: c.received.Load(),
		Answered: s.port.answered(c),
		Refused: map[string]uint64{
			string(access.RequestMalformed):  c.malformed.Load(),
			string(access.MethodUnsupported): c.unsupported.Load(),
		},
		Dropped:    make(map[string]uint64, drops),
		Waiting:    s.queue.waiting(),
		Remembered: s.duplicates.size(),
	}
	for cause := kept + 1; cause < drops; cause++ {
		snapshot.Dropped[cause.String()] = c.dropped[cause].Load()
	}
	for _, peer := range s.clients.Load().peers {
		snapshot.Clients = append(snapshot.Clients, peer.traffic.snapshot(peer.Name))
	}
	slices.SortFunc(snapshot.Clients, func(a, b ClientSnapshot) int { return strings.Compare(a.Name, b.Name) })
	return snapshot
}

func (t *traffic) snapshot(name string) ClientSnapshot {
	snapshot := ClientSnapshot{
		Name:                        name,
		Requests:                    t.requests.Load(),
		WithoutMessageAuthenticator: t.withoutMessageAuthenticator.Load(),
	}
	if seen := t.lastSeen.Load(); seen != 0 {
		snapshot.LastSeen = time.Unix(0, seen)
	}
	return snapshot
}

// note counts a request that was admitted, or refused by the client's rules.
func (t *traffic) note(request packet, now time.Time) {
	t.requests.Add(1)
	if request.messageAuthenticator == 0 {
		t.withoutMessageAuthenticator.Add(1)
	}
	t.lastSeen.Store(now.UnixNano())
}
