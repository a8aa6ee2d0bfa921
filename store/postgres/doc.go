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
//
// # What a login costs, and how far one database goes
//
// Measured by BenchmarkPostgresCost: two daemons, their client and PostgreSQL 15
// on the same two cores, 64 logins in progress, a code alone, audit records on.
// A login is one statement (all that it takes, what is read, steps and audit
// records, it shares with the others of a commit), 0.1 commits with their flushes,
// 1.4 kB of WAL, 0.17 to 0.19 ms of the database's processor time, and 280 octets of audit
// records that stay. It keeps no connection for itself: a daemon near the
// database has 2 that write and up to 8 that read. A user with a device takes
// 1 kB, indexes included. So, by these figures and not by a trial:
//
//   - 10 million users are 10 GB: they fit into the memory of one ordinary host.
//   - 100,000 logins a second are 17 to 19 of such cores, 140 MB of WAL and 28 MB
//     of audit records a second (2.4 TB a day: audit.keep has to be short), and
//     some 1,000 flushes a second where 100 logins share a commit. Daemons cost as
//     much again, on hosts of their own.
//   - That is about what one primary can do. Its limit is the one WAL: standbys add
//     safety and reading, but no logins.
//
// Beyond it the rows must be spread by user. Every row that a login changes is
// found by the user's name (users, devices, codes, remembered logins), by a value
// drawn by chance (States, verdicts) or by the node (audit, refusals): no row is
// hot for all. A login's transaction joins two such places, the user's and the
// node's chain, so that a distributed engine commits in two phases; the daemons of
// a region should use the names of users that live there. What isn't everybody's
// SQL is little: pg_advisory_xact_lock around migrations, SET LOCAL lock_timeout,
// the UPDATE from unnest() that burns steps, and the view otp with its triggers, which serves resets by hand. YugabyteDB,
// CockroachDB and Citus were not tried.
package postgres
