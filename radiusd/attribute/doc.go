// Package attribute writes the RADIUS attributes of an Access-Accept as an
// administrator names them: by the names of the usual dictionaries, or by number.
//
// It promises that what it writes is well-formed (RFC 2865 section 5, RFC 2868
// section 3, RFC 3162 section 2) and has a place in an Access-Accept. It never
// writes what belongs to the hop, to other packets, or needs encryption.
package attribute
