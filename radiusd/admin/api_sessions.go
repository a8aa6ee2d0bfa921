package admin

import "time"

// The route that tells who is connected.
//
//	GET /v1/sessions?user=NAME&client=NAME&ended=true&after=PLACE&limit=N  200 SessionPage

// The states of a [Session].
const (
	SessionOpen  = "open"
	SessionStale = "stale" // open, but for so long without news that it may be over
	SessionEnded = "ended"
)

// Session is one connection of a user, as the accounting of a RADIUS client told
// of it. What wasn't told is left out.
type Session struct {
	// User is a canonical name, or "unknown:" and a hash: a name that no user has
	// may be a password.
	User           string    `json:"user,omitempty"`
	State          string    `json:"state"`
	Client         string    `json:"client"`
	NAS            string    `json:"nas"`     // what the server behind the client calls itself, or its address
	Session        string    `json:"session"` // its id there
	CallingStation string    `json:"calling_station,omitempty"`
	Address        string    `json:"address,omitempty"`  // in the network, IPv4
	Address6       string    `json:"address6,omitempty"` // and IPv6
	StartedAt      time.Time `json:"started_at"`
	UpdatedAt      time.Time `json:"updated_at"` // when there was news of it
	EndedAt        time.Time `json:"ended_at,omitzero"`
	TerminateCause string    `json:"terminate_cause,omitempty"`
	InputOctets    int64     `json:"input_octets"`  // from the user
	OutputOctets   int64     `json:"output_octets"` // to the user
}

// SessionPage is a part of the sessions, by user.
type SessionPage struct {
	Sessions []Session `json:"sessions"`
	Next     string    `json:"next,omitempty"` // the `after` of the next page; "": this is the last
}
