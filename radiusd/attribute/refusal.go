package attribute

// refusals are why an attribute can't be sent, by the dictionary's words.
var refusals = map[string]string{
	"own":       "it is said by the daemon itself, where it belongs",
	"request":   "it has no place in an Access-Accept (it is of requests)",
	"challenge": "it has no place in an Access-Accept (it is of challenges)",
	"reject":    "it has no place in an Access-Accept (it is of refusals)",
	"text":      "users don't see it in an Access-Accept, and portals take it for permissions: Class and Filter-Id are for those",
	"encrypted": "it is sent encrypted only, by a sign-in that makes the key",
	"number":    "name the vendor's attribute, or write Vendor-9-1 for type 1 of vendor 9",
}

// odd are the vendors whose attributes within a Vendor-Specific aren't written
// as RFC 2865 section 5.26 suggests, with one octet of type and one of length.
var odd = map[uint32]bool{
	429: true, 637: true, 4846: true, 5323: true, 8164: true, 16445: true, 24757: true,
}
