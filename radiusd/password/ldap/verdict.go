package ldap

import (
	"errors"
	"fmt"
	"regexp"

	goldap "github.com/go-ldap/ldap/v3"

	"vpn-otpd/radiusd/access"
)

// verdict is what the answer to a user's bind means; nil: the password is right,
// and nothing else is wrong. Only success is success: neither a referral nor
// any other result lets anybody in.
func verdict(err error, controls []goldap.Control) error {
	policy := policyOf(controls)
	if err == nil {
		if policy.kind != nil {
			return fmt.Errorf("%w: %s", policy.kind, policy.text)
		}
		return nil
	}
	var result *goldap.Error
	if !errors.As(err, &result) {
		return fmt.Errorf("%w: %w", access.ErrBackend, err)
	}
	text := fmt.Sprintf("result %d, %.200q", result.ResultCode, result.Err.Error())
	if policy.text != "" {
		text = policy.text + ", " + text
	}
	if !refusals[result.ResultCode] {
		return fmt.Errorf("%w: the bind failed: %s", access.ErrBackend, text)
	}
	kind := access.ErrPasswordWrong
	switch {
	case result.ResultCode != goldap.LDAPResultInvalidCredentials:
	case policy.afterRight:
		kind = policy.kind
	default:
		if code := activeDirectoryCode.FindStringSubmatch(result.Err.Error()); code != nil {
			if known, ok := activeDirectory[code[1]]; ok {
				kind, text = known.kind, known.text+", "+text
			}
		}
	}
	return fmt.Errorf("%w: %s", kind, text)
}

// refusals are the results by which servers refuse a user; all others say that
// nothing was checked. 389 Directory Server locks with constraintViolation and
// disables with unwillingToPerform, whatever the password.
var refusals = map[uint16]bool{
	goldap.LDAPResultInvalidCredentials:          true,
	goldap.LDAPResultNoSuchObject:                true,
	goldap.LDAPResultInvalidDNSyntax:             true,
	goldap.LDAPResultInappropriateAuthentication: true, // the entry has no password
	goldap.LDAPResultInsufficientAccessRights:    true,
	goldap.LDAPResultConstraintViolation:         true,
	goldap.LDAPResultUnwillingToPerform:          true,
	goldap.LDAPResultAuthorizationDenied:         true,
}

// activeDirectoryCode finds the Windows error in a diagnostic message.
var activeDirectoryCode = regexp.MustCompile(`AcceptSecurityContext error, data ([0-9a-f]{1,8})\b`)

// activeDirectory are those errors. All but the first three and the lockout come
// only after the right password.
var activeDirectory = map[string]struct {
	kind error
	text string
}{
	"525": {access.ErrUserUnknown, "there is no such user"},
	"52e": {access.ErrPasswordWrong, "wrong password"},
	"52f": {access.ErrPasswordWrong, "restricted account"},
	"775": {access.ErrPasswordWrong, "the account is locked out, whatever the password"},
	"530": {access.ErrAccountLocked, "not at this time"},
	"531": {access.ErrAccountLocked, "not from this workstation"},
	"532": {access.ErrPasswordExpired, "the password has expired"},
	"533": {access.ErrAccountLocked, "the account is disabled"},
	"701": {access.ErrAccountLocked, "the account has expired"},
	"773": {access.ErrPasswordExpired, "the password must be changed first"},
}

// policyWord is what a password policy says of a bind.
type policyWord struct {
	kind       error // of a bind that succeeded all the same; nil: nothing is wrong
	afterRight bool  // and of one that failed: it is said after the right password only
	text       string
}

// policyOf reads the password policy control
// (draft-behera-ldap-password-policy-10), and the older one of Netscape's
// descendants.
func policyOf(controls []goldap.Control) policyWord {
	for _, control := range controls {
		switch c := control.(type) {
		case *goldap.ControlBeheraPasswordPolicy:
			switch c.Error {
			case goldap.BeheraPasswordExpired:
				return policyWord{access.ErrPasswordExpired, true, "the password has expired"}
			case goldap.BeheraChangeAfterReset:
				return policyWord{access.ErrPasswordExpired, true, "the password must be changed first"}
			case goldap.BeheraAccountLocked:
				return policyWord{access.ErrAccountLocked, false, "the account is locked"}
			}
		case *goldap.ControlVChuPasswordMustChange:
			return policyWord{access.ErrPasswordExpired, false, "the password must be changed first"}
		}
	}
	return policyWord{}
}
