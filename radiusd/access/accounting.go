package access

import (
	"net/netip"
	"time"
)

// AccountingStatus says what happened to a connection, or to all of a NAS.
type AccountingStatus string

const (
	AccountingStart   AccountingStatus = "start"
	AccountingInterim AccountingStatus = "interim"
	AccountingStop    AccountingStatus = "stop"
	// The NAS begins or ends accounting: whatever it had is over.
	AccountingOn  AccountingStatus = "on"
	AccountingOff AccountingStatus = "off"
)

// Accounting is what a client tells of a connection (RFC 2866). Texts are as
// they were sent; what is empty wasn't.
type Accounting struct {
	Client  string // its name
	NAS     string // NAS-Identifier, or else an address; never empty
	Session string // Acct-Session-Id; empty only where all of the NAS is meant
	Status  AccountingStatus

	UserName       string
	CallingStation string
	Address        netip.Addr // that the connection has, IPv4
	Address6       netip.Addr // and IPv6
	TerminateCause string     // in the RFC's words

	Arrived time.Time
	Delay   time.Duration // Acct-Delay-Time: how long before Arrived it happened
	Lasted  time.Duration // Acct-Session-Time: for how long the connection stood then

	InputOctets, OutputOctets uint64 // from the user, and to the user
}
