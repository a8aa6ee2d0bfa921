package admin

import "time"

// The routes that change accounts, and the daemon's own. Bodies and answers are JSON objects, at most [MaxBody] octets in a
// request; unknown fields and unknown query parameters are refused. NAME and
// LABEL are one path segment each, percent-encoded: '/' is %2F, and a name that
// is "." or ".." is %2E or %2E%2E.
//
//	POST   /v1/users                       NewUser        201 AddedUser
//	GET    /v1/users?after=NAME&limit=N                   200 UserPage
//	GET    /v1/list?after=NAME&limit=N                    200 List
//	GET    /v1/rollout?after=NAME&limit=N                 200 Rollout
//	GET    /v1/users/NAME                                 200 User
//	DELETE /v1/users/NAME                                 204
//	PUT    /v1/users/NAME/password         Password       204
//	PUT    /v1/users/NAME/disabled         Disabled       204
//	PUT    /v1/users/NAME/policy           Policy         204
//	POST   /v1/users/NAME/devices          NewDevice      201 Device
//	DELETE /v1/users/NAME/devices/LABEL                   204
//	POST   /v1/users/NAME/reset                           204
//	POST   /v1/users/NAME/unlock                          204
//	POST   /v1/users/NAME/code             CodeTerms      201 TemporaryCode
//	POST   /v1/users/NAME/recovery                        201 RecoveryCodes
//	POST   /v1/users/NAME/invite           InviteTerms    201 Invitation
//	GET    /v1/users/NAME/remembered                      200 RememberedLogins
//	POST   /v1/users/NAME/forget                          200 Forgotten
//	GET    /v1/status                                     200 Status
//	POST   /v1/reload                                     200 Reloaded
//
// Anything else is a [Problem]: 400 invalid, 403 forbidden, 404 missing or
// unknown_route, 405 method, 409 exists or rule, 413 too_large, 500 fault, 503
// busy. Only what isn't HTTP at all is answered by a plain 400.
//
// Times are RFC 3339 in UTC; a time that never was is left out.
const (
	// MaxBody bounds the body of a request, in octets.
	MaxBody = 64 << 10
	// MaxPage bounds the users on one page; DefaultPage is used when no limit is given.
	MaxPage     = 1000
	DefaultPage = 100
)

// The kinds of a [Problem]. The first four are those of access.Refusal.
const (
	KindInvalid      = "invalid"   // the request itself is wrong
	KindMissing      = "missing"   // no such user or device
	KindExists       = "exists"    // there is one already
	KindRule         = "rule"      // a rule forbids it
	KindForbidden    = "forbidden" // the peer may not do this, or anything
	KindUnknownRoute = "unknown_route"
	KindMethod       = "method"
	KindTooLarge     = "too_large"
	KindFault        = "fault" // the daemon failed; its log says why
	KindBusy         = "busy"  // too many connections
)

// Problem is the answer to whatever wasn't done.
type Problem struct {
	Error string `json:"error"` // for the administrator, one sentence
	Kind  string `json:"kind"`
}

// NewUser asks for an account. Without a password it has no local one.
type NewUser struct {
	Name     string  `json:"name"`
	Password *string `json:"password,omitempty"`
}

// AddedUser gives the canonical name, which may differ from the one asked for.
type AddedUser struct {
	Name string `json:"name"`
}

// Password replaces the local password.
type Password struct {
	Password *string `json:"password"`
}

// Disabled switches an account off or on.
type Disabled struct {
	Disabled *bool `json:"disabled"`
}

// Policy is the administrator's word on one user: "required", "exempt" or "default".
type Policy struct {
	Policy string `json:"policy"`
	Reason string `json:"reason,omitempty"`
	// Until ends an exemption; without it that is 30 days from now.
	Until time.Time `json:"until,omitzero"`
}

// UserPage is a part of all users in the order of their names.
type UserPage struct {
	Users []User `json:"users"`
	// Next is the `after` of the next page; "" on the last one.
	Next string `json:"next,omitempty"`
}

// List is a part of all users in the order of their names, in few words.
type List struct {
	Users []ListedUser `json:"users"`
	Next  string       `json:"next,omitempty"` // the `after` of the next part; "" on the last one
}

// ListedUser is what a list shows of a user.
type ListedUser struct {
	Name       string    `json:"name"`
	Enrolled   bool      `json:"enrolled"`
	Policy     string    `json:"policy"`
	Disabled   bool      `json:"disabled"`
	Locked     bool      `json:"locked"`
	LastCodeAt time.Time `json:"last_code_at,omitzero"`
}

// User is all that an administrator may know of a user.
type User struct {
	Name           string    `json:"name"`
	CreatedAt      time.Time `json:"created_at,omitzero"`
	LastCodeAt     time.Time `json:"last_code_at,omitzero"` // when a code of a device was last accepted
	Disabled       bool      `json:"disabled"`
	LocalPassword  bool      `json:"local_password"` // has one
	Policy         string    `json:"policy"`
	PolicyReason   string    `json:"policy_reason,omitempty"`
	PolicyUntil    time.Time `json:"policy_until,omitzero"`
	Groups         []string  `json:"groups,omitempty"` // at the last login, of those that a rule names
	Enrolled       bool      `json:"enrolled"`         // has a device now
	EverEnrolled   bool      `json:"ever_enrolled"`    // outlives a reset
	Lock           Lock      `json:"lock"`
	Devices        []Device  `json:"devices"`
	RecoveryCodes  int       `json:"recovery_codes"`  // left
	TemporaryCodes int       `json:"temporary_codes"` // live
	// RememberedLogins are live; only where one user was asked for.
	RememberedLogins int `json:"remembered_logins,omitempty"`
}

// Lock is the state of the second factor's lockout.
type Lock struct {
	Locked        bool      `json:"locked"` // at the time of the answer
	Until         time.Time `json:"until,omitzero"`
	Failures      int       `json:"failures"` // wrong codes that count
	LastFailureAt time.Time `json:"last_failure_at,omitzero"`
	Level         int       `json:"level"` // each doubles the next lock
}

// NewDevice brings a secret that exists elsewhere.
type NewDevice struct {
	Label     string `json:"label,omitempty"`     // "": "device"
	Secret    string `json:"secret"`              // Base32
	Algorithm string `json:"algorithm,omitempty"` // "SHA1" (the default), "SHA256", "SHA512"
	Digits    int    `json:"digits,omitempty"`    // 6 to 8; 0: 6
	Period    int    `json:"period,omitempty"`    // seconds; 0: 30
}

// Device is a TOTP device without its secret.
type Device struct {
	Label     string    `json:"label"`
	Algorithm string    `json:"algorithm"`
	Digits    int       `json:"digits"`
	Period    int       `json:"period"` // seconds
	CreatedAt time.Time `json:"created_at,omitzero"`
	UsedAt    time.Time `json:"used_at,omitzero"`
}

// CodeTerms says how long a temporary code lives (1 minute to 30 days) and for how
// many logins it is good (1 to 100). One of the helpdesk's lives for up to a day
// and 3 logins, and never counts at clients in mode "code".
type CodeTerms struct {
	ValidSeconds int64 `json:"valid_seconds"`
	Uses         int   `json:"uses"`
}

// TemporaryCode is shown this once.
type TemporaryCode struct {
	Code      string    `json:"code"`
	ExpiresAt time.Time `json:"expires_at"`
}

// RecoveryCodes are shown this once; older ones are void.
type RecoveryCodes struct {
	Codes []string `json:"codes"`
}

// InviteTerms says how long an invitation lives (10 minutes to 30 days). The
// helpdesk invites only users who have no device.
type InviteTerms struct {
	ValidSeconds int64 `json:"valid_seconds"`
}

// Invitation is shown this once; an older one of the user is void.
type Invitation struct {
	// Address is what the user opens. Whoever has it first can enroll.
	Address   string    `json:"address"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Reloaded says what of the new configuration did not take effect.
type Reloaded struct {
	// Warnings are texts, such as the keys that need a restart.
	Warnings []string `json:"warnings"`
}
