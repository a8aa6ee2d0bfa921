package ldap_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/password/ldap"
)

// searching are the options to search in the directory of the tests over TLS.
func (d *directory) searching() ldap.Options {
	return ldap.Options{
		Servers: []string{d.secure}, CA: d.ca, Base: "ou=people,dc=example,dc=org",
		BindDN: "cn=reader,ou=services,dc=example,dc=org", BindPassword: "the-reader-password",
	}
}

func connect(t testing.TB, options ldap.Options) *ldap.LDAP {
	t.Helper()
	l, err := ldap.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func verify(t testing.TB, l *ldap.LDAP, name, password string) (access.Identity, error) {
	t.Helper()
	return l.Verify(t.Context(), access.Question{Name: name, Password: []byte(password)})
}

// A real server, in every way to reach it and to find who logs in.
func TestDirectory(t *testing.T) {
	t.Parallel()
	d := startSlapd(t)
	otherCA, _ := selfSigned(t)
	template := "uid={name},ou=people,dc=example,dc=org"
	for name, test := range map[string]struct {
		change         func(*ldap.Options)
		user, password string
		who            string
		err            error
		groups         string // sorted, with a comma
	}{
		"LDAPS":                   {nil, "alice", "secret of Alice", "Alice", nil, "Staff,vpn"},
		"StartTLS":                {func(o *ldap.Options) { o.Servers[0] = d.plain }, "alice", "secret of Alice", "Alice", nil, "Staff,vpn"},
		"a socket":                {func(o *ldap.Options) { o.Servers[0] = d.socket }, "alice", "secret of Alice", "Alice", nil, "Staff,vpn"},
		"in clear on loopback":    {func(o *ldap.Options) { o.Servers[0], o.WithoutStartTLS = d.plain, true }, "alice", "secret of Alice", "Alice", nil, "Staff,vpn"},
		"another CA, LDAPS":       {func(o *ldap.Options) { o.CA = otherCA }, "alice", "secret of Alice", "", access.ErrBackend, ""},
		"another CA, StartTLS":    {func(o *ldap.Options) { o.Servers[0], o.CA = d.plain, otherCA }, "alice", "secret of Alice", "", access.ErrBackend, ""},
		"the system's CAs":        {func(o *ldap.Options) { o.CA = nil }, "alice", "secret of Alice", "", access.ErrBackend, ""},
		"another name":            {func(o *ldap.Options) { o.Servers[0] = strings.Replace(d.secure, "127.0.0.1", "localhost", 1) }, "alice", "secret of Alice", "", access.ErrBackend, ""},
		"TLS of a server without": {func(o *ldap.Options) { o.Servers[0] = strings.Replace(d.plain, "ldap:", "ldaps:", 1) }, "alice", "secret of Alice", "", access.ErrBackend, ""},
		"wrong password":          {nil, "alice", "secret of bob", "", access.ErrPasswordWrong, ""},
		"unknown":                 {nil, "mallory", "secret of Alice", "", access.ErrUserUnknown, ""},
		"any name":                {nil, "*", "secret of Alice", "", access.ErrUserUnknown, ""},
		"any name that begins so": {nil, "ali*", "secret of Alice", "", access.ErrUserUnknown, ""},
		"a filter":                {nil, "x)(uid=Alice", "secret of Alice", "", access.ErrUserUnknown, ""},
		"half a filter":           {nil, "Alice)(&", "secret of Alice", "", access.ErrUserUnknown, ""},
		"a star in the name":      {nil, "star*", "secret of star*", "star*", nil, ""},
		"a name to be escaped":    {nil, "o,dd+one", "secret of o,dd+one", "o,dd+one", nil, ""},
		"a name in Unicode":       {nil, "müller", "secret of müller", "müller", nil, ""},
		"the service account":     {nil, "reader", "the-reader-password", "", access.ErrUserUnknown, ""},
		"a referral":              {nil, "elsewhere", "secret", "", access.ErrUserUnknown, ""},
		"two entries":             {func(o *ldap.Options) { o.Filter = "(mail={name})" }, "same@example.org", "secret of mate", "", access.ErrPasswordWrong, ""},
		"two values of the name":  {nil, "twice", "secret of twice", "", access.ErrPasswordWrong, ""},
		"another attribute":       {func(o *ldap.Options) { o.NameAttribute, o.Filter = "employeeNumber", "(uid={name})" }, "twice", "secret of twice", "1", nil, ""},
		"no such attribute":       {func(o *ldap.Options) { o.NameAttribute, o.Filter = "employeeNumber", "(uid={name})" }, "bob", "secret of bob", "", access.ErrPasswordWrong, ""},
		"no such base":            {func(o *ldap.Options) { o.Base = "ou=nobody,dc=example,dc=org" }, "alice", "secret of Alice", "", access.ErrBackend, ""},
		"service account refused": {func(o *ldap.Options) { o.BindPassword = "wrong" }, "alice", "secret of Alice", "", access.ErrBackend, ""},
		"anonymous may not":       {func(o *ldap.Options) { o.BindDN, o.BindPassword = "", "" }, "alice", "secret of Alice", "", access.ErrBackend, ""},
		"groups by search":        {func(o *ldap.Options) { o.Groups, o.GroupBase = "search", "dc=example,dc=org" }, "alice", "secret of Alice", "Alice", nil, "Staff,vpn"},
		"groups by name": {func(o *ldap.Options) {
			o.Groups, o.GroupBase, o.GroupFilter = "search", "dc=example,dc=org", "(memberUid={name})"
		}, "alice", "secret of Alice", "Alice", nil, "posix"},
		"groups by attribute": {func(o *ldap.Options) {
			o.Groups, o.GroupBase, o.GroupName = "search", "dc=example,dc=org", "description"
		}, "bob", "secret of bob", "bob", nil, "vpn users"},
		"groups of one place":     {func(o *ldap.Options) { o.GroupBase = "OU=Groups, DC=example, DC=org" }, "bob", "secret of bob", "bob", nil, "vpn"},
		"groups of no place":      {func(o *ldap.Options) { o.GroupBase = "ou=people,dc=example,dc=org" }, "bob", "secret of bob", "bob", nil, ""},
		"groups by DN":            {func(o *ldap.Options) { o.GroupName = "dn" }, "bob", "secret of bob", "bob", nil, "cn=vpn,ou=groups,dc=example,dc=org"},
		"no groups":               {func(o *ldap.Options) { o.Groups = "none" }, "alice", "secret of Alice", "Alice", nil, ""},
		"no groups for odd names": {func(o *ldap.Options) { o.Groups, o.GroupBase = "search", "dc=example,dc=org" }, "o,dd+one", "secret of o,dd+one", "o,dd+one", nil, ""},
		"template":                {func(o *ldap.Options) { o.BindTemplate = template }, "alice", "secret of Alice", "Alice", nil, "Staff,vpn"},
		"template, own groups": {func(o *ldap.Options) {
			o.BindTemplate, o.BindDN, o.BindPassword = template, "", ""
			o.Groups, o.GroupBase = "search", "dc=example,dc=org"
		}, "bob", "secret of bob", "bob", nil, "vpn"},
		"template, wrong password":    {func(o *ldap.Options) { o.BindTemplate = template }, "alice", "secret of bob", "", access.ErrPasswordWrong, ""},
		"template, unknown":           {func(o *ldap.Options) { o.BindTemplate = template }, "mallory", "secret of Alice", "", access.ErrPasswordWrong, ""},
		"template, another DN":        {func(o *ldap.Options) { o.BindTemplate = "uid={name},dc=example,dc=org" }, "Alice,ou=people", "secret of Alice", "", access.ErrPasswordWrong, ""},
		"template, a referral":        {func(o *ldap.Options) { o.BindTemplate = template }, "elsewhere", "secret", "", access.ErrPasswordWrong, ""},
		"template, escaped":           {func(o *ldap.Options) { o.BindTemplate = template }, "o,dd+one", "secret of o,dd+one", "o,dd+one", nil, ""},
		"expired":                     {nil, "expired", "secret of expired", "", access.ErrPasswordExpired, ""},
		"expired, and wrong":          {nil, "expired", "not-it", "", access.ErrPasswordWrong, ""},
		"must change":                 {nil, "reset", "secret of reset", "", access.ErrPasswordExpired, ""},
		"must change, and wrong":      {nil, "reset", "not-it", "", access.ErrPasswordWrong, ""},
		"must change, by template":    {func(o *ldap.Options) { o.BindTemplate = template }, "reset", "secret of reset", "", access.ErrPasswordExpired, ""},
		"an empty password":           {nil, "alice", "", "", access.ErrPasswordWrong, ""},
		"an empty password, template": {func(o *ldap.Options) { o.BindTemplate = template }, "alice", "", "", access.ErrPasswordWrong, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := d.searching()
			if test.change != nil {
				test.change(&options)
			}
			l := connect(t, options)
			try := func() (access.Identity, error) { return verify(t, l, test.user, test.password) }
			identity, err := try()
			// A password counts as expired a second after it was set.
			for deadline := time.Now().Add(5 * time.Second); name == "expired" && err == nil && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
				identity, err = try()
			}
			slices.Sort(identity.Groups)
			if identity.Name != test.who || !errors.Is(err, test.err) || (err == nil) != (test.err == nil) || strings.Join(identity.Groups, ",") != test.groups {
				t.Errorf("got %+v, %v", identity, err)
			}
			if err != nil && test.password != "" && strings.Contains(err.Error(), test.password) {
				t.Errorf("the log would have the password: %v", err)
			}
		})
	}
}

// A locked account looks like a wrong password: nobody looked at the password.
func TestLockedAccount(t *testing.T) {
	t.Parallel()
	l := connect(t, startSlapd(t).searching())
	for range 2 {
		if _, err := verify(t, l, "lockout", "wrong"); !errors.Is(err, access.ErrPasswordWrong) || strings.Contains(err.Error(), "locked") {
			t.Fatal(err)
		}
	}
	_, err := verify(t, l, "lockout", "secret of lockout")
	if !errors.Is(err, access.ErrPasswordWrong) || errors.Is(err, access.ErrAccountLocked) || !strings.Contains(err.Error(), "the account is locked") {
		t.Errorf("got %v", err)
	}
}

// Connections serve one login after the other, and what one was bound as is
// nothing to the next: the search is the service account's, the bind decides.
func TestConnectionsAreShared(t *testing.T) {
	t.Parallel()
	d := startSlapd(t)
	options := d.searching()
	options.Connections = 1
	byTemplate := options
	byTemplate.BindTemplate = "uid={name},ou=people,dc=example,dc=org"
	for _, l := range []*ldap.LDAP{connect(t, options), connect(t, byTemplate)} {
		for range 3 {
			for user, password := range map[string]string{"alice": "secret of Alice", "bob": "secret of bob"} {
				if identity, err := verify(t, l, user, password); err != nil || !strings.EqualFold(identity.Name, user) {
					t.Errorf("%s: %+v, %v", user, identity, err)
				}
				if _, err := verify(t, l, user, "wrong"); !errors.Is(err, access.ErrPasswordWrong) {
					t.Errorf("%s: %v", user, err)
				}
			}
		}
		identity, err := l.Lookup(t.Context(), "alice")
		if slices.Sort(identity.Groups); err != nil || identity.Name != "Alice" || !slices.Equal(identity.Groups, []string{"Staff", "vpn"}) {
			t.Errorf("looked up: %+v, %v", identity, err)
		}
		if _, err := l.Lookup(t.Context(), "mallory"); !errors.Is(err, access.ErrUserUnknown) {
			t.Errorf("looked up: %v", err)
		}
		if counters := l.States()[0].Counters; counters.Refused < 6 || counters.Answered < 6 || counters.Failed+counters.Timeouts+counters.Busy > 0 {
			t.Errorf("counted %+v", counters)
		}
	}
}
