// Package exchange reads what other systems keep of users and their TOTP
// devices, and writes devices for other systems: one file and one function a
// format.
//
// It promises that a source is only read, that every input has a bound, that
// nothing is guessed, and that each thing it leaves out is in the [Batch] with
// its place and the reason in words. A source that isn't what it is said to be
// is an error, and nothing of it is returned.
//
// It never writes into the store, never changes a name (which names are one is
// for whoever applies a Batch), and never has a secret, a code or a password in
// an error or a reason: no text of a source is quoted there but the names of
// users and of a database's tables.
package exchange
