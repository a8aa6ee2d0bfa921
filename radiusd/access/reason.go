package access

// Reason says why a decision fell as it did. The vocabulary is fixed: the log,
// the audit records, the metrics and the admin protocol use these words and no
// others.
type Reason string

// Reasons of an accept.
const (
	TOTPAccepted      Reason = "totp_accepted"
	RecoveryAccepted  Reason = "recovery_code_accepted"
	TemporaryAccepted Reason = "temporary_code_accepted"
	TwoFactorDisabled Reason = "two_factor_disabled" // the policy asks nobody
	NotEnrolled       Reason = "not_enrolled"        // optional, and nothing to ask for
	Exempt            Reason = "exempt"              // the user's own policy
	EnrollmentGrace   Reason = "enrollment_grace"    // enforced and not enrolled, before the deadline
	FirstUseAccepted  Reason = "first_use_accepted"  // the first code of a new device
	LoginRemembered   Reason = "login_remembered"    // a reconnect soon after a full login from the same device
	UpstreamAccepted  Reason = "upstream_accepted"   // both factors, by the server that users move away from
	SignedIn          Reason = "signed_in"           // web page: nothing to ask for yet
)

// Reasons of a challenge, and of the reject where no challenge is possible.
const (
	CodeNeeded    Reason = "code_needed"    // no code was there
	PasswordAsks  Reason = "password_asks"  // the first factor itself asks for more
	CodeMalformed Reason = "code_malformed" // not the form of a code: no guess
	CodeWrong     Reason = "code_wrong"
	CodeUsed      Reason = "code_used" // right, but not newer than the last one used
	Locked        Reason = "locked"    // too many wrong codes before this one

	EnrollmentRequired Reason = "enrollment_required"  // enforced and not enrolled: first use
	EnrollmentNotBegun Reason = "enrollment_not_begun" // answered before the page was used
	EnrollmentWrong    Reason = "enrollment_wrong"     // not the first code of the new device
)

// Reasons of a reject.
const (
	LockedCodeRight   Reason = "locked_code_right"  // the code was right, the lock stands
	EnrollmentClosed  Reason = "enrollment_closed"  // enforced, not enrolled, and first use isn't open
	UnverifiedRefused Reason = "unverified_refused" // mode code: nothing was verified
	NameInvalid       Reason = "name_invalid"
	UserUnknown       Reason = "user_unknown"
	UserDisabled      Reason = "user_disabled"
	PasswordWrong     Reason = "password_wrong"
	PasswordExpired   Reason = "password_expired" // right, but the first factor wants a new one
	AccountLocked     Reason = "account_locked"   // by the first factor, after the right password
	EnrolledHere      Reason = "enrolled_here"    // the former server took a user who is, or was, enrolled here
	Throttled         Reason = "throttled"        // too many wrong passwords before this one
	StateInvalid      Reason = "state_invalid"
	StateUnknown      Reason = "state_unknown" // used already, or never stored
	StateExpired      Reason = "state_expired"
	StateOtherUser    Reason = "state_other_user"
	StateOtherClient  Reason = "state_other_client"
	StateVoid         Reason = "state_void" // the user's epoch moved on
	RequestMalformed  Reason = "request_malformed"
	MethodUnsupported Reason = "method_unsupported" // CHAP, EAP
	TicketUnknown     Reason = "ticket_unknown"     // web page: no live enrollment has it
	TicketThrottled   Reason = "ticket_throttled"   // web page: too many wrong tickets before this one
)
