package store

import "time"

// UserPolicy is the administrator's word on one user.
type UserPolicy string

const (
	PolicyDefault  UserPolicy = "default"
	PolicyRequired UserPolicy = "required"
	PolicyExempt   UserPolicy = "exempt"
)

// Account is all that the store knows of one user, but for the secrets
// themselves. A user of a directory who was never touched here has none.
type Account struct {
	Name         string // canonical
	CreatedAt    time.Time
	Disabled     bool
	Policy       UserPolicy
	PasswordHash string // "" if the account has no local password
	// Epoch counts up with every reset, disabling, new password and change of
	// devices. States, tickets and sessions of an older epoch are void.
	Epoch int64
	// EverEnrolled outlives a reset.
	EverEnrolled bool
	// ResetByHandAt is when the enrollment was removed in the database itself,
	// as long as no audit record says so; zero: not.
	ResetByHandAt time.Time

	// ResetAt is since when a user who was enrolled has no device; zero: never so.
	ResetAt time.Time
	// PolicyAt is when the user's own policy was set; zero: never.
	PolicyAt time.Time
	// PolicyReason and PolicyUntil are why and until when it holds; zero: for good.
	PolicyReason string
	PolicyUntil  time.Time
	// Groups are the user's at the last login, of those that some rule names.
	// GroupsOf names the list of those that were asked for; "": none were told yet.
	Groups         []string
	GroupsOf       string
	Lock           Lock
	Devices        []Device
	RecoveryCodes  int // how many are left
	TemporaryCodes int // how many are live
}

// Lock is the state of the second factor's lockout.
type Lock struct {
	Failures int       // failures that haven't aged yet
	FailedAt time.Time // when the last one was counted
	Level    int       // how often it was locked lately: each doubles the next lock
	Until    time.Time // locked until then; zero: never locked
	Field    []byte    // MAC of the last field that was counted
}

// Device is one enrolled TOTP device.
type Device struct {
	User      string // canonical name
	ID        int64
	Label     string
	Algorithm string // "SHA1", "SHA256" or "SHA512"
	Digits    int    // 6 to 8
	Period    int    // seconds
	LastStep  int64  // the newest step that was accepted
	LastField []byte // MAC of the code that was accepted last
	CreatedAt time.Time
	UsedAt    time.Time // zero: never
	Sealed    []byte    // the secret, sealed
}

// State is what a challenge stands for.
type State struct {
	ID        []byte // 16 random octets
	User      string // canonical name
	AskedName string // canonical form of the name that was asked for
	Client    string // name of the client it was given to
	Epoch     int64
	TriesLeft int
	ExpiresAt time.Time
	// Enrollment is the id of the enrollment that the answer confirms, nil
	// where it doesn't.
	Enrollment []byte
	// BegunAt is when the login began that this challenge belongs to.
	BegunAt time.Time
	// Carried is what the gate keeps for the answer; the store doesn't read it.
	Carried string
}

// Remembered is a full login after which the same device may reconnect on the
// password alone.
type Remembered struct {
	User           string // canonical name
	MAC            []byte // of the client and the Calling-Station-Id
	Client         string
	CallingStation string
	Epoch          int64
	CreatedAt      time.Time
	ExpiresAt      time.Time
}

// Actor is who changes something: the peer of the admin socket, or the user.
type Actor struct {
	UID  int64  // -1 where there is none
	Name string // of the uid if known, else what kind of actor it is
}

// EnrollmentKind says how an enrollment began.
type EnrollmentKind string

const (
	EnrollmentFirstUse   EnrollmentKind = "first_use"  // by the challenge of a login
	EnrollmentInvitation EnrollmentKind = "invitation" // by an administrator
	EnrollmentSession    EnrollmentKind = "session"    // by a user who is signed in
)

// Enrollment is a device on its way: its secret may have been shown, but no code
// of it has been accepted.
type Enrollment struct {
	User   string // canonical name
	ID     []byte // 16 random octets; who knows it may go on with the enrollment
	Kind   EnrollmentKind
	Epoch  int64
	Client string // of the login, for a first use
	Source string // where that login came from; "" where it isn't known
	Ticket []byte // MAC of the ticket that opens it; nil: none

	// Sealed is the secret, nil until it was drawn; it counts until SecretUntil.
	Sealed      []byte
	Algorithm   string
	Digits      int
	Period      int
	SecretUntil time.Time

	Label    string
	Replaces string // label of the device that goes when this one comes; "": none

	// What was confirmed on the page, while a first use waits for its State.
	ConfirmedStep  int64  // 0: nothing yet
	ConfirmedField []byte // MAC of the code
	ConfirmedAt    time.Time
	Recovery       []byte // MACs of the recovery codes shown, 32 octets each

	OpenedAt  time.Time // when a browser opened the ticket; zero: not yet
	Contested bool      // and another browser wanted it too
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Notice tells a user through one channel what happened to the own second factor.
type Notice struct {
	ID      int64
	Channel string // "mail" or "webhook"
	User    string
	Event   string // as in the audit log
	At      time.Time
	Address string // of the browser or the VPN client; "" where it isn't known
	Device  string // its label; "" where the event is of no single device
	Actor   string // who did it: "self", or the administrator
	Tries   int    // made so far, this one included
}

// Refusals are equal failures before the first factor within one minute.
type Refusals struct {
	Minute time.Time
	Reason string
	Client string
	Source string // network
	Count  int
}
