package admin

import "time"

// Rollout is a part of the report on who must still enroll, by name.
type Rollout struct {
	Due    []DueUser     `json:"due"`
	Totals RolloutTotals `json:"totals"`         // of the users of this part
	Next   string        `json:"next,omitempty"` // the `after` of the next part; "" on the last one
}

// DueUser is a user who must enroll and has no device.
type DueUser struct {
	Name       string    `json:"name"`
	RequiredBy string    `json:"required_by"`    // as explain says it, such as "the global policy"
	Since      time.Time `json:"since,omitzero"` // when the time to enroll began to count
	// Deadline is until when the user may put it off, or, after a reset, may do it
	// alone; left out: the next login asks for it.
	Deadline time.Time `json:"deadline,omitzero"`
	Late     bool      `json:"late"` // the deadline has passed
	// Closed is why the user can't enroll without help: "invitation", "deadline",
	// "reset" or "no page"; left out: that is open.
	Closed string `json:"closed,omitempty"`
}

// RolloutTotals count users. Those of several parts add up.
type RolloutTotals struct {
	Enrolled    int `json:"enrolled"` // have a device
	Due         int `json:"due"`      // must enroll, the late ones included
	Late        int `json:"late"`
	Exempt      int `json:"exempt"`       // aren't asked, and have no device
	NotRequired int `json:"not_required"` // may do without
	Disabled    int `json:"disabled"`     // are let in nowhere, and have no device
}

// RememberedLogins are the live ones of a user, newest first.
type RememberedLogins struct {
	Logins []RememberedLogin `json:"logins"`
}

// RememberedLogin is a full login after which the same device may reconnect on
// the password alone.
type RememberedLogin struct {
	Client         string    `json:"client"`
	CallingStation string    `json:"calling_station"` // as the client sent it
	Since          time.Time `json:"since"`
	Until          time.Time `json:"until"`
}

// Forgotten says how many were ended.
type Forgotten struct {
	Logins int `json:"logins"`
}
