// Package radiusd is the RADIUS server: a packet in, an [access.Request] to the
// [Gate], an [access.Decision] back, a packet out (RFC 2865, RFC 5080, RFC 5997).
//
// It promises that an Access-Accept leaves only for a request that the gate
// accepted; that a retransmission gets the octets of the first answer and is no
// second question; that every reply begins with a Message-Authenticator; that
// all rejects leave at the same time after their request; and that neither junk
// nor load makes it use more memory than its options allow.
//
// What clients tell of connections is answered by a server of its own, and only
// after an [Accountant] has kept it (RFC 2866); that reply alone has no
// Message-Authenticator.
//
// It never answers a host that is no client, never answers a question whose
// Message-Authenticator is wrong, and says nothing where the gate or its store
// has failed, so that the client asks another server.
package radiusd
