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
}

// Actor is who changes something: the peer of the admin socket, or the user.
type Actor struct {
	UID  int64  // -1 where there is none
	Name string // of the uid if known, else what kind of actor it is
}
