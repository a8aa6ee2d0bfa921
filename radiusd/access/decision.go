package access

import (
	"errors"
	"time"
)

// Verdict is the answer's kind. No answer at all is an error, not a verdict.
type Verdict string

const (
	Accept    Verdict = "accept"
	Reject    Verdict = "reject"
	Challenge Verdict = "challenge"
)

// Decision is the gate's answer. It holds no text: texts belong to the
// transports.
type Decision struct {
	ID      string // names this decision in the log, the audit and explain
	Verdict Verdict
	Reason  Reason
	// User is the canonical name that counts; "" where no known user is meant.
	User string
	// State goes with a challenge: printable, at most 64 octets.
	State string
	// Message goes with a challenge of the first factor's own: what it asks.
	Message string
	// LockedUntil is set where the second factor is locked and the user may know it.
	LockedUntil time.Time
	// TriesLeft counts the answers that a challenge still takes, this one included.
	TriesLeft int
	// Ticket goes with the challenge of a first use, as users read it: two
	// groups of letters and a dash. "" where the secret itself goes with it.
	Ticket string `json:"-"`
	// Secret is what the authenticator app needs, in Base32: only for clients
	// with RevealSecret.
	Secret string `json:"-"`
	// EnrollBy is when the user must have enrolled; zero: no deadline, or enrolled.
	EnrollBy time.Time
	// Groups and Attributes go with an accept, as the first factor told them.
	Groups     []string
	Attributes []Attribute
	// Epoch is the user's at this decision: a web session ends with it.
	Epoch int64
}

// Errors of Check after which no answer is sent, so that the client asks
// another server.
var (
	// ErrBusy: more first factors were asked for than can be checked in time.
	ErrBusy = errors.New("too busy to answer in time")
	// ErrBackend: the first factor could not be checked.
	ErrBackend = errors.New("first factor not available")
	// ErrStore: the store did not answer, or did not keep what must be kept.
	ErrStore = errors.New("store not available")
)
