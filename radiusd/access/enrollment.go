package access

import (
	"errors"
	"fmt"
	"time"

	"vpn-otpd/store"
)

// Pass is what a browser's session may do. It is made here, and kept on the
// server between two requests.
type Pass struct {
	User  string // canonical name
	Epoch int64  // the pass is void when the user's has moved on
	Kind  store.EnrollmentKind
	// Enrollment is the id of the enrollment under way, nil: none.
	Enrollment []byte
	// Proven: the user gave a code, and not the password alone.
	Proven bool
	// Fresh is until when a code that was given counts for one change of devices;
	// Proof is taken by that change.
	Fresh time.Time
	Proof []byte
}

// PassOf is the pass of a user whom the page's client was told to accept.
func PassOf(d Decision) Pass {
	proven := d.Reason == TOTPAccepted || d.Reason == RecoveryAccepted || d.Reason == TemporaryAccepted
	return Pass{User: d.User, Epoch: d.Epoch, Kind: store.EnrollmentSession, Proven: proven}
}

// Standing is how a user stands, for the page.
type Standing struct {
	Account  store.Account // with the number of recovery codes left
	Policy   StandingPolicy
	EnrollBy time.Time // enforced and not enrolled: until when logins pass without; zero: they don't
	Closed   Closed    // why a user without device can't enroll; "" where nothing hinders
	// MayRemove: the user may do without a second factor.
	MayRemove  bool
	Remembered []store.Remembered // logins that may be reconnected, newest first
	Records    []store.Record     // the newest, newest first
	Refusals   []store.Refusals   // the newest failures before the first factor
}

// StandingPolicy is the policy that holds for a user, in one word.
type StandingPolicy string

const (
	StandingDisabled StandingPolicy = "disabled"
	StandingOptional StandingPolicy = "optional"
	StandingEnforced StandingPolicy = "enforced"
)

// Pending is an enrollment under way, as the page shows it.
type Pending struct {
	Kind      store.EnrollmentKind
	User      string
	Secret    string // Base32
	URI       string // otpauth://, for the QR code
	Digits    int
	Label     string // proposed, or of the device that is replaced
	Replaces  string
	Confirmed bool // a first use that waits for the code at the VPN's prompt
	ExpiresAt time.Time
}

// Confirmed is what came of an enrollment.
type Confirmed struct {
	Pass  Pass   // goes on with the user's new epoch
	Label string // of the device
	// Waiting: a first use, which counts once its code is given at the VPN's prompt.
	Waiting bool
	// RecoveryCodes are shown this once; nil where the user has some already.
	RecoveryCodes []string
}

// EnrollmentFault is why something about an enrollment wasn't done. The
// vocabulary is fixed: the page has a text for each.
type EnrollmentFault string

const (
	FaultSession       EnrollmentFault = "session"        // the pass is void: the user's epoch moved on, or the user is disabled
	FaultDisabled      EnrollmentFault = "disabled"       // two-factor is off
	FaultClosed        EnrollmentFault = "closed"         // first use isn't open; Standing says why
	FaultFresh         EnrollmentFault = "fresh"          // a fresh code is needed first
	FaultExpired       EnrollmentFault = "expired"        // the enrollment is over or another began; begin again
	FaultCodeMalformed EnrollmentFault = "code_malformed" // not the form of a code
	FaultCodeWrong     EnrollmentFault = "code_wrong"     // not a code of the new device
	FaultClock         EnrollmentFault = "clock"          // a code of it, but of another time: the phone's clock is off
	FaultLabel         EnrollmentFault = "label"          // can't be a label
	FaultLabelTaken    EnrollmentFault = "label_taken"    // another device has it
	FaultTooMany       EnrollmentFault = "too_many"       // MaxDevices
	FaultNoDevice      EnrollmentFault = "no_device"      // there is none of that label
	FaultMayNotRemove  EnrollmentFault = "may_not_remove" // two-factor is enforced
	FaultTicketUnknown EnrollmentFault = "ticket_unknown" // none, used, or over
	FaultTicketOther   EnrollmentFault = "ticket_other"   // another browser opened it
	FaultThrottled     EnrollmentFault = "throttled"      // too many wrong tickets
)

func (f EnrollmentFault) Error() string { return fmt.Sprintf("enrollment: %s", string(f)) }

// FaultOf returns the fault that an error is, "" for any other error.
func FaultOf(err error) EnrollmentFault {
	var fault EnrollmentFault
	errors.As(err, &fault)
	return fault
}
