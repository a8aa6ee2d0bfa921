// Package postgres keeps the store in a PostgreSQL database, which any number of
// daemons share. It promises that what was committed is on the disk of the
// primary (and of the synchronous standby, where there is one) before Update
// returns, and that an update whose end isn't known is an error. It never talks
// to a standby, and never asks for more than the rights of the owner of one
// database.
//
// Transactions are READ COMMITTED. What keeps two of them apart is the lock on
// the user's row that Tx.Account takes, and conditions in the statements
// themselves. A transaction of several updates waits only shortly for somebody
// else's lock: then each of its updates is tried by itself, so that no two nodes
// wait for each other.
package postgres
