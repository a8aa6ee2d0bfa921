package admin

import "time"

// The routes that only read: why, and what was. Times in a query are RFC 3339.
//
//	GET /v1/users/NAME/explain?client=NAME&from=ADDRESS    200 Explanation
//	GET /v1/log?user=NAME&client=NAME&reason=R&event=E&decision=ID
//	           &since=TIME&until=TIME&after=PLACE&limit=N  200 LogPage
//	GET /v1/log/verify?head=NUMBER:MAC                     200 VerifyLine, one a line
const (
	// MaxLogPage bounds the records on one page; DefaultLogPage is used when no
	// limit is given.
	MaxLogPage     = 10_000
	DefaultLogPage = 100
	// Oldest is the `after` of the first page of all records. Without any
	// `after`, the newest records are on the page.
	Oldest = "oldest"
)

// Explanation is the decision that a login would get now after the right
// password, and each rule that leads there.
type Explanation struct {
	Decision string        `json:"decision"` // names this explanation
	User     string        `json:"user"`     // canonical
	Client   string        `json:"client"`   // "": none was named, and only the global policy looked at
	Verdict  string        `json:"verdict"`  // "accept", "challenge" or "reject"
	Reason   string        `json:"reason"`
	Closed   string        `json:"closed,omitempty"` // why first use isn't open: "invitation", "network", "deadline", "reset"
	Rules    []Rule        `json:"rules"`
	WithCode *Outcome      `json:"with_code,omitempty"` // what the right code would get, where one is asked
	Records  []Record      `json:"records"`             // the newest of the user, newest first
	Refusals []RefusalRate `json:"refusals"`            // failures before the first factor, newest first
}

// Rule is one step of a decision.
type Rule struct {
	Name   string `json:"name"`  // "groups", "account", "migration", "policy", "enrollment", "first_use", "lock"
	Found  string `json:"found"` // in a word or two
	Detail string `json:"detail"`
}

// Outcome is a verdict and its reason.
type Outcome struct {
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
}

// RefusalRate counts equal failures before the first factor within a minute.
type RefusalRate struct {
	Minute time.Time `json:"minute"`
	Reason string    `json:"reason"`
	Client string    `json:"client"`
	Source string    `json:"source"` // a network; "": not known
	Count  int       `json:"count"`
}

// Record is one audit record: a decision or a change.
type Record struct {
	Node           string    `json:"node"` // whose chain it is in
	Seq            int64     `json:"seq"`  // its number there
	At             time.Time `json:"at"`
	Decision       string    `json:"decision,omitempty"` // as in the log and in explanations
	Event          string    `json:"event"`              // "login", or what was changed
	Reason         string    `json:"reason,omitempty"`
	User           string    `json:"user,omitempty"`
	Client         string    `json:"client,omitempty"`
	CallingStation string    `json:"calling_station,omitempty"`
	Actor          *Actor    `json:"actor,omitempty"` // who changed it; absent: nobody did, as in a login
	Detail         string    `json:"detail,omitempty"`
}

// Actor is who changed something: a local user, or the user "self".
type Actor struct {
	UID  int64  `json:"uid"` // -1: no local user
	Name string `json:"name,omitempty"`
}

// LogPage is a part of the audit records, oldest first.
type LogPage struct {
	Records []Record `json:"records"`
	// Next is the `after` of what comes next, now or later; never "".
	Next string `json:"next"`
}

// VerifyLine is one line of the answer to a verification: how far it is, or, on
// the last line, what was found.
type VerifyLine struct {
	Read   int64   `json:"read,omitempty"` // records of the present chain
	Chains []Chain `json:"chains,omitempty"`
	Error  string  `json:"error,omitempty"` // it could not be brought to its end
	Done   bool    `json:"done"`
}

// Chain is what verifying one node's chain found.
type Chain struct {
	Node   string    `json:"node"`
	First  int64     `json:"first"`            // number of the oldest record that is kept, 0: none
	Last   int64     `json:"last"`             // of the newest
	Pruned int64     `json:"pruned"`           // so many before First were pruned, provably
	Broken int64     `json:"broken,omitempty"` // number of the first record that doesn't fit
	Head   string    `json:"head,omitempty"`   // NUMBER:MAC of the newest, as `head` takes it
	HeadAt time.Time `json:"head_at,omitzero"`
	// Kept compares with the head that was asked about: one of the constants
	// below; "" where none was, or the chain is broken before it.
	Kept string `json:"kept,omitempty"`
}

// What became of a head that was kept elsewhere.
const (
	HeadSame      = "same"      // the chain goes through it
	HeadDifferent = "different" // another record has its number: rewritten, or another node's
	HeadMissing   = "missing"   // the chain ends before it: cut off, or another node's
	HeadPruned    = "pruned"    // it is older than what is kept
)
