package radiusd

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc6911"

	"vpn-otpd/radiusd/access"
)

// accounting makes an event of an Accounting-Request. A cause says why it is
// none that could be kept.
func (x *exchange) accounting(attributes radius.Attributes) (access.Accounting, drop) {
	if !wellFormedAccounting(attributes) {
		return access.Accounting{}, dropAccounting
	}
	event := access.Accounting{
		Client:         x.peer.Name,
		NAS:            nasOf(attributes),
		Session:        text(attributes, rfc2866.AcctSessionID_Type),
		UserName:       text(attributes, rfc2865.UserName_Type),
		CallingStation: text(attributes, rfc2865.CallingStationID_Type),
		Address:        framed(attributes.Get(rfc2865.FramedIPAddress_Type)),
		Address6:       framed(attributes.Get(rfc6911.FramedIPv6Address_Type)),
		Arrived:        x.arrived,
		Delay:          seconds(attributes, rfc2866.AcctDelayTime_Type),
		Lasted:         seconds(attributes, rfc2866.AcctSessionTime_Type),
		TerminateCause: terminateCause(attributes),
		InputOctets:    octets(attributes, rfc2866.AcctInputOctets_Type, rfc2869.AcctInputGigawords_Type),
		OutputOctets:   octets(attributes, rfc2866.AcctOutputOctets_Type, rfc2869.AcctOutputGigawords_Type),
	}
	switch rfc2866.AcctStatusType(count(attributes, rfc2866.AcctStatusType_Type)) {
	case rfc2866.AcctStatusType_Value_Start:
		event.Status = access.AccountingStart
	case rfc2866.AcctStatusType_Value_Stop:
		event.Status = access.AccountingStop
	case rfc2866.AcctStatusType_Value_InterimUpdate:
		event.Status = access.AccountingInterim
	case rfc2866.AcctStatusType_Value_AccountingOn:
		event.Status = access.AccountingOn
	case rfc2866.AcctStatusType_Value_AccountingOff:
		event.Status = access.AccountingOff
	default: // of tunnels and the like: nothing is kept of them, so nothing is confirmed
		return access.Accounting{}, dropAccountingStatus
	}
	ofOne := event.Status != access.AccountingOn && event.Status != access.AccountingOff
	if event.NAS == "" || ofOne && event.Session == "" {
		return access.Accounting{}, dropAccounting
	}
	return event, kept
}

// fixedLength are the attributes of accounting that have one length, in octets.
var fixedLength = map[radius.Type]int{
	rfc2865.NASIPAddress_Type: 4, rfc2865.NASPort_Type: 4, rfc2865.FramedIPAddress_Type: 4, rfc2865.NASPortType_Type: 4,
	rfc2866.AcctStatusType_Type: 4, rfc2866.AcctDelayTime_Type: 4, rfc2866.AcctInputOctets_Type: 4, rfc2866.AcctOutputOctets_Type: 4,
	rfc2866.AcctAuthentic_Type: 4, rfc2866.AcctSessionTime_Type: 4, rfc2866.AcctInputPackets_Type: 4, rfc2866.AcctOutputPackets_Type: 4,
	rfc2866.AcctTerminateCause_Type: 4, rfc2866.AcctLinkCount_Type: 4,
	rfc2869.AcctInputGigawords_Type: 4, rfc2869.AcctOutputGigawords_Type: 4, rfc2869.EventTimestamp_Type: 4,
	rfc3162.NASIPv6Address_Type: 16, rfc6911.FramedIPv6Address_Type: 16,
}

// wellFormedAccounting checks what RFC 2866 discards a whole request for: an
// attribute that must not be there (section 4.1) or has an invalid length
// (section 5), or one that tells which event it is and is there twice.
func wellFormedAccounting(attributes radius.Attributes) bool {
	var states, sessions int
	for _, attribute := range attributes {
		if length, fixed := fixedLength[attribute.Type]; fixed && len(attribute.Attribute) != length {
			return false
		}
		switch attribute.Type {
		case rfc2865.UserPassword_Type, rfc2865.CHAPPassword_Type, rfc2865.ReplyMessage_Type, rfc2865.State_Type:
			return false
		case rfc2866.AcctStatusType_Type:
			states++
		case rfc2866.AcctSessionID_Type:
			sessions++
			if len(attribute.Attribute) == 0 {
				return false
			}
		}
	}
	return states == 1 && sessions <= 1
}

// nasOf names the NAS: by what it calls itself, or else by an address.
func nasOf(attributes radius.Attributes) string {
	if name := text(attributes, rfc2865.NASIdentifier_Type); name != "" {
		return name
	}
	for _, kind := range []radius.Type{rfc2865.NASIPAddress_Type, rfc3162.NASIPv6Address_Type} {
		if address, ok := netip.AddrFromSlice(attributes.Get(kind)); ok {
			return address.String()
		}
	}
	return ""
}

// framed is the address of a connection. Those that only ask for one are none
// (RFC 2865 section 5.8).
func framed(value []byte) netip.Addr {
	address, _ := netip.AddrFromSlice(value)
	if address.IsUnspecified() || address.Is4() && address.As4()[0] == 255 {
		return netip.Addr{}
	}
	return address
}

// terminateCause is why a connection ended, in the RFC's words where it has some.
func terminateCause(attributes radius.Attributes) string {
	cause := count(attributes, rfc2866.AcctTerminateCause_Type)
	name, known := rfc2866.AcctTerminateCause_Strings[rfc2866.AcctTerminateCause(cause)]
	switch {
	case cause == 0:
		return ""
	case !known:
		return fmt.Sprintf("cause %d", cause)
	}
	return name
}

// count is an attribute of four octets, 0 where there is none.
func count(attributes radius.Attributes, kind radius.Type) uint32 {
	value := attributes.Get(kind)
	if len(value) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(value)
}

func seconds(attributes radius.Attributes, kind radius.Type) time.Duration {
	return time.Duration(count(attributes, kind)) * time.Second
}

// octets counts in two attributes (RFC 2869 section 5.1), to what a database
// holds at most.
func octets(attributes radius.Attributes, low, high radius.Type) uint64 {
	return min(uint64(count(attributes, high))<<32|uint64(count(attributes, low)), math.MaxInt64)
}
