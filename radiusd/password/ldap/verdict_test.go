package ldap_test

import (
	"errors"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/password/ldap"
)

var (
	_ access.FirstFactor = (*ldap.LDAP)(nil)
	_ access.Directory   = (*ldap.LDAP)(nil)
)

// refusals are all that a backend may refuse with.
var refusals = []error{access.ErrUserUnknown, access.ErrPasswordWrong, access.ErrPasswordExpired, access.ErrAccountLocked}

// What a server answers to a bind, and what is made of it. Only success is one.
func TestVerdict(t *testing.T) {
	t.Parallel()
	active := func(code string) result {
		return result{code: 49, text: "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data " + code + ", v2580"}
	}
	policy := func(code uint16, word int) result {
		return result{code: code, controls: []*ber.Packet{policyControl(word)}}
	}
	mustChange := ber.NewSequence("")
	mustChange.AppendChild(octets(goldap.ControlTypeVChuPasswordMustChange))
	mustChange.AppendChild(octets("0"))
	for name, test := range map[string]struct {
		result
		err    error
		detail string
	}{
		"success":                           {},
		"wrong":                             {result{code: 49}, access.ErrPasswordWrong, "result 49"},
		"unknown, Active Directory":         {active("525"), access.ErrUserUnknown, "no such user"},
		"wrong, Active Directory":           {active("52e"), access.ErrPasswordWrong, "wrong password"},
		"hours, Active Directory":           {active("530"), access.ErrAccountLocked, "this time"},
		"workstation, Active Directory":     {active("531"), access.ErrAccountLocked, "workstation"},
		"expired, Active Directory":         {active("532"), access.ErrPasswordExpired, "data 532"},
		"disabled, Active Directory":        {active("533"), access.ErrAccountLocked, "disabled"},
		"account expired, Active Directory": {active("701"), access.ErrAccountLocked, "account has expired"},
		"must change, Active Directory":     {active("773"), access.ErrPasswordExpired, "changed first"},
		"locked out, Active Directory":      {active("775"), access.ErrPasswordWrong, "locked out"},
		"a code that nobody knows":          {active("7f7"), access.ErrPasswordWrong, "7f7"},
		"a code without its words":          {result{code: 49, text: "data 532"}, access.ErrPasswordWrong, ""},
		"a code with another result":        {result{code: 53, text: active("532").text}, access.ErrPasswordWrong, ""},
		"expired, no logins left":           {policy(49, 0), access.ErrPasswordExpired, "expired"},
		"expired, and yet success":          {policy(0, 0), access.ErrPasswordExpired, "expired"},
		"locked":                            {policy(49, 1), access.ErrPasswordWrong, "the account is locked"},
		"locked, and yet success":           {policy(0, 1), access.ErrAccountLocked, "locked"},
		"must change":                       {policy(0, 2), access.ErrPasswordExpired, "changed first"},
		"must change, Netscape":             {result{controls: []*ber.Packet{mustChange}}, access.ErrPasswordExpired, "changed first"},
		"must change, Netscape, wrong":      {result{code: 49, controls: []*ber.Packet{mustChange}}, access.ErrPasswordWrong, "changed first"},
		"too short, said of a right one":    {policy(0, 6), nil, ""},
		"no password":                       {result{code: 48}, access.ErrPasswordWrong, "48"},
		"too many wrong ones, 389":          {result{code: 19, text: "Exceed password retry limit"}, access.ErrPasswordWrong, "retry limit"},
		"inactive, 389":                     {result{code: 53, text: "Account inactivated"}, access.ErrPasswordWrong, "inactivated"},
		"a referral":                        {result{code: 10}, access.ErrBackend, "result 10"},
		"a SASL step":                       {result{code: 14}, access.ErrBackend, "14"},
		"compare is true":                   {result{code: 6}, access.ErrBackend, "6"},
		"busy":                              {result{code: 51}, access.ErrBackend, "51"},
		"unavailable":                       {result{code: 52}, access.ErrBackend, "52"},
		"wants TLS":                         {result{code: 13}, access.ErrBackend, "13"},
		"wants another way":                 {result{code: 8}, access.ErrBackend, "8"},
		"hangs up":                          {result{hangUp: true}, access.ErrBackend, "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := (&fake{search: alice, bind: func(string, string) result { return test.result }}).start(t)
			identity, err := open(t, ldap.Options{Servers: []string{f.url}}).Verify(t.Context(), access.Question{Name: "alice", Password: []byte("secret")})
			if !errors.Is(err, test.err) || (identity.Name == "Alice") != (test.err == nil) {
				t.Fatalf("got %+v, %v", identity, err)
			}
			for _, kind := range append(refusals, access.ErrBackend) {
				if kind != test.err && errors.Is(err, kind) {
					t.Errorf("%v is %v too", err, kind)
				}
			}
			if err != nil && (!strings.Contains(err.Error(), test.detail) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("the log would say %v", err)
			}
			if binds := f.binds(); len(binds) != 1 {
				t.Errorf("bound other than once: %q", binds)
			}
		})
	}
}

// These never reach a server.
func TestNotSent(t *testing.T) {
	t.Parallel()
	f := (&fake{search: alice}).start(t)
	searching := open(t, ldap.Options{Servers: []string{f.url}})
	principal := open(t, ldap.Options{Servers: []string{f.url}, BindTemplate: "{name}@example.org", Base: "dc=example,dc=org"})
	for _, test := range []struct {
		by             *ldap.LDAP
		name, password string
		err            error
	}{
		{searching, "alice", "", access.ErrPasswordWrong},
		{searching, "alice", "\x00", access.ErrPasswordWrong},
		{searching, "alice", "secret\x00", access.ErrPasswordWrong},
		{searching, "alice", strings.Repeat("a", ldap.MaxPassword+1), access.ErrPasswordWrong},
		{searching, "", "secret", access.ErrUserUnknown},
		{searching, "\xff", "secret", access.ErrUserUnknown},
		{searching, "a\x00b", "secret", access.ErrUserUnknown},
		{searching, strings.Repeat("a", ldap.MaxName+1), "secret", access.ErrUserUnknown},
		{principal, "alice@other.org", "secret", access.ErrUserUnknown},
		{principal, `OTHER\alice`, "secret", access.ErrUserUnknown},
		{principal, "cn=admin,dc=example", "secret", access.ErrUserUnknown},
		{principal, "alice*", "secret", access.ErrUserUnknown},
		{principal, " alice", "secret", access.ErrUserUnknown},
	} {
		if _, err := test.by.Verify(t.Context(), access.Question{Name: test.name, Password: []byte(test.password)}); !errors.Is(err, test.err) {
			t.Errorf("%q, %q: %v", test.name, test.password, err)
		}
	}
	if asked := f.log(); len(asked) > 0 {
		t.Errorf("it was asked %q", asked)
	}
}
