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
)

// Reasons of a challenge, and of the reject where no challenge is possible.
const (
	CodeNeeded    Reason = "code_needed"    // no code was there
	CodeMalformed Reason = "code_malformed" // not the form of a code: no guess
	CodeWrong     Reason = "code_wrong"
	CodeUsed      Reason = "code_used" // right, but not newer than the last one used
	Locked        Reason = "locked"    // too many wrong codes before this one
)

// Reasons of a reject.
const (
	LockedCodeRight    Reason = "locked_code_right"   // the code was right, the lock stands
	EnrollmentRequired Reason = "enrollment_required" // enforced and not enrolled
	UnverifiedRefused  Reason = "unverified_refused"  // mode code: nothing was verified
	NameInvalid        Reason = "name_invalid"
	UserUnknown        Reason = "user_unknown"
	UserDisabled       Reason = "user_disabled"
	PasswordWrong      Reason = "password_wrong"
	Throttled          Reason = "throttled" // too many wrong passwords before this one
	StateInvalid       Reason = "state_invalid"
	StateUnknown       Reason = "state_unknown" // used already, or never stored
	StateExpired       Reason = "state_expired"
	StateOtherUser     Reason = "state_other_user"
	StateOtherClient   Reason = "state_other_client"
	StateVoid          Reason = "state_void" // the user's epoch moved on
	RequestMalformed   Reason = "request_malformed"
	MethodUnsupported  Reason = "method_unsupported" // CHAP, EAP
)
