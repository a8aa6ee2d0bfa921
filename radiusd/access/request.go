package access

import "time"

// Mode says what a client sends in the password field of a new login.
type Mode string

const (
	// ModeChallenge: the password, and the code in answer to a challenge.
	ModeChallenge Mode = "challenge"
	// ModeAppend: the password and the code in one field; the client knows no challenge.
	ModeAppend Mode = "append"
	// ModeCode: the code alone; the client has checked the first factor itself.
	ModeCode Mode = "code"
	// ModeWeb: the enrollment page. As ModeChallenge, but who has nothing that
	// makes a code is signed in on the password, to enroll and nothing else.
	ModeWeb Mode = "web"
)

// WebClient is the enrollment page as a client of the gate. No RADIUS client may
// have its name, for States belong to clients by name.
const WebClient = "web"

// Client is what the gate needs to know of the NAS or portal that asks.
type Client struct {
	Name string
	Mode Mode
	// RequireAlways (`require = "always"`) beats every exemption.
	RequireAlways bool
	// PassUnenrolled lets users who aren't asked for a code pass in ModeCode,
	// where nothing would have been verified by us.
	PassUnenrolled bool
	// RepeatByNASPort takes NAS-Port for the Acct-Session-Id of clients that
	// send none, when a login is recognized as a repeat.
	RepeatByNASPort bool
	// OwnCodesOnly leaves temporary codes out: they come from the helpdesk.
	OwnCodesOnly bool
	// RememberFor lets a user reconnect from the same device on the password
	// alone for so long after a full login; 0: never, at most LongestRemembered.
	RememberFor time.Duration
	// RevealSecret puts the secret itself into the challenge of a first use,
	// for users who can't open a page. Whoever reads the traffic has it.
	RevealSecret bool
	// Policy replaces the global one for this client; nil: the global one holds.
	Policy *Policy
}

// Policy is the administrator's word on two-factor.
type Policy struct {
	// Methods lists what counts as a second factor. Empty: two-factor is
	// disabled. The only method known is MethodTOTP.
	Methods []string
	// Require: who isn't enrolled must enroll first. False: the enrolled are
	// asked, the others pass.
	Require bool
}

// MethodTOTP is the name of the one second factor, as in eduVPN 2.x.
const MethodTOTP = "totp"

// Disabled reports whether two-factor is off.
func (p Policy) Disabled() bool { return len(p.Methods) == 0 }

// Request is the question "may this user in?", as a transport heard it.
type Request struct {
	Client   Client
	UserName string // as typed, up to 253 octets of anything
	// Password is the password field as it stands, 0 to 128 octets of
	// anything; only the padding is gone.
	Password []byte
	State    string // the State that came back; "" on a new login

	SessionID      string // Acct-Session-Id, "" if absent
	NASPort        string // NAS-Port in decimal, "" if absent
	NASIdentifier  string
	CallingStation string // Calling-Station-Id as it was sent

	// Known is who another sign-in has proven the user to be: the first factor
	// has passed. It is for ModeWeb and new logins only; UserName is its name.
	Known *Identity

	Arrived time.Time
}
