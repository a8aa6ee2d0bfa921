package upstream

import "encoding/binary"

// The attributes that are never passed on.
var keptBack = map[uint8]bool{
	0:   true, // none
	1:   true, // User-Name: ours names the canonical user
	2:   true, // User-Password
	3:   true, // CHAP-Password
	4:   true, // NAS-IP-Address: this and the next are of requests only
	5:   true, // NAS-Port
	18:  true, // Reply-Message: portals take it for permissions
	24:  true, // State: ours mean something else
	30:  true, // Called-Station-Id
	31:  true, // Calling-Station-Id
	32:  true, // NAS-Identifier
	33:  true, // Proxy-State
	60:  true, // CHAP-Challenge
	69:  true, // Tunnel-Password: encrypted for this hop
	76:  true, // Prompt
	79:  true, // EAP-Message
	80:  true, // Message-Authenticator
	101: true, // Error-Cause
	102: true, // EAP-Key-Name
	// The extended ones: some are of the hop, and the parts of one must stay together.
	241: true, 242: true, 243: true, 244: true, 245: true, 246: true,
}

const vendorSpecific = 26

// encrypted are the vendors' attributes that are encrypted with the secret of
// the hop, by vendor and type. To the client they would be noise.
var encrypted = map[uint32][]uint8{
	161:   {11},                                                     // Motorola
	311:   {12, 16, 17},                                             // Microsoft: the MPPE keys
	529:   {214, 215},                                               // Ascend
	831:   {116, 117, 118, 119},                                     // Alcatel-Lucent AAA
	2356:  {19, 20},                                                 // Lancom
	4846:  {214, 215},                                               // Lucent
	4874:  {58, 59, 60, 61},                                         // Juniper ERX
	5535:  {58},                                                     // 3GPP2
	6527:  {122, 123, 124, 125, 138, 139, 142},                      // Alcatel-Lucent service routers
	14823: {44},                                                     // Aruba
	24757: {5, 10, 12, 14, 15, 19, 40, 66, 67, 70, 75, 86, 87, 131}, // WiMAX
	26928: {3},                                                      // Aerohive
}

// passedOn reports whether an attribute of an accept is for the client.
func passedOn(kind uint8, value []byte) bool {
	if keptBack[kind] || len(value) == 0 || len(value) > maxValue {
		return false
	}
	return kind != vendorSpecific || passedOnByVendor(value)
}

// passedOnByVendor looks at the vendor's attributes in one Vendor-Specific (RFC
// 2865, section 5.26). They go together: one that is kept back keeps back all.
func passedOnByVendor(value []byte) bool {
	const vendorSize = 4
	if len(value) < vendorSize+2 {
		return false
	}
	vendor, rest := binary.BigEndian.Uint32(value), value[vendorSize:]
	kinds, some := encrypted[vendor]
	if !some { // it may be in a form of the vendor's own
		return true
	}
	for len(rest) > 0 {
		if len(rest) < 2 || rest[1] < 2 || int(rest[1]) > len(rest) {
			return false
		}
		for _, kind := range kinds {
			if rest[0] == kind {
				return false
			}
		}
		rest = rest[rest[1]:]
	}
	return true
}
