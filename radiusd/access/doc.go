// Package access decides who may pass. [Gate.Check] is the one door: RADIUS
// logins and web sign-ins go through it, and its steps stand in one readable
// order.
//
// It promises that a code is used once, that nobody is accepted without an
// audit record in the same transaction, and that a fault of a backend or the
// store is an error and never an accept.
//
// It never speaks RADIUS, HTTP or SQL, and never writes a text that a user
// reads: a [Decision] carries a [Reason] and its arguments.
package access
