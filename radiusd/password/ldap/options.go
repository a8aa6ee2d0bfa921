package ldap

import (
	"cmp"
	"log/slog"
	"regexp"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// Bounds and defaults of Options.
const (
	MaxServers         = 8
	MaxConnections     = 256
	MaxText            = 1024 // octets of a DN, filter, template or URL
	ShortestTimeout    = 100 * time.Millisecond
	LongestTimeout     = 2300 * time.Millisecond // clients that ask once wait 3 s
	ShortestDeadTime   = time.Second
	LongestDeadTime    = time.Hour
	DefaultTimeout     = 2 * time.Second
	DefaultDeadTime    = time.Minute
	DefaultConnections = 32
)

// How a user's groups are found.
const (
	GroupsNone     = "none"
	GroupsMemberOf = "memberOf" // the attribute of the user's entry
	GroupsNested   = "nested"   // Active Directory's search through groups of groups
	GroupsSearch   = "search"   // a search with GroupFilter
)

// WholeDN as GroupName names groups by their whole DN.
const WholeDN = "dn"

// Options of an LDAP. Servers and either BindTemplate or Base are needed.
type Options struct {
	// Servers are 1 to MaxServers URLs, the preferred one first: ldaps://HOST,
	// ldap://HOST or ldapi:///PATH, with a port where it isn't the usual one.
	Servers []string
	// WithoutStartTLS leaves ldap:// in clear; to loopback only.
	WithoutStartTLS bool
	CA              []byte // certificates in PEM; nil: those of the system

	// BindTemplate is what a user is bound as, with {name} once: a DN, or what
	// Active Directory takes in place of one. "": who is found under Base.
	BindTemplate string
	Base         string
	Filter       string // with {name}; "": by the NameAttribute
	// BindDN and BindPassword are the service account that searches; "":
	// searches are anonymous.
	BindDN       string
	BindPassword string
	// NameAttribute holds what the user is known by; "": uid.
	NameAttribute string

	Groups      string // see above; "": memberOf
	GroupBase   string // other groups don't count; "": Base, for memberOf all count
	GroupFilter string // with {dn} or {name}; "": (member={dn})
	GroupName   string // an attribute of the group, or WholeDN; "": the value of its RDN

	// Connections are how many there are at most to a server to search on, and
	// as many more to bind on.
	Connections int
	// Timeout is how long a question takes at most, over all servers.
	Timeout time.Duration
	// DeadTime is how long a server that failed is passed over, unless all are.
	DeadTime time.Duration
	Logger   *slog.Logger
	Now      func() time.Time
}

var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

// complete fills in the defaults.
func (o Options) complete() Options {
	o.NameAttribute = cmp.Or(o.NameAttribute, "uid")
	if o.Groups = cmp.Or(o.Groups, GroupsMemberOf); o.Groups != GroupsMemberOf {
		o.GroupBase = cmp.Or(o.GroupBase, o.Base)
	}
	if o.Filter == "" {
		o.Filter = o.defaultFilter()
	}
	o.GroupFilter = cmp.Or(o.GroupFilter, "(member={dn})")
	o.Connections = cmp.Or(o.Connections, DefaultConnections)
	o.Timeout, o.DeadTime = cmp.Or(o.Timeout, DefaultTimeout), cmp.Or(o.DeadTime, DefaultDeadTime)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// defaultFilter finds users by their name, or by what they were bound as.
func (o *Options) defaultFilter() string {
	switch {
	case o.BindTemplate == "" || o.bindsDN():
		return "(" + o.NameAttribute + "={name})"
	case strings.Contains(o.BindTemplate, `\`):
		return "(sAMAccountName={name})"
	}
	before, after, _ := strings.Cut(o.BindTemplate, "{name}")
	return "(userPrincipalName=" + goldap.EscapeFilter(before) + "{name}" + goldap.EscapeFilter(after) + ")"
}

// LooksUp reports whether users can be found without their password.
func (o Options) LooksUp() bool { return o.BindTemplate == "" || o.BindDN != "" }
