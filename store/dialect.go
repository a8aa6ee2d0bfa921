package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Dialect is what differs between the databases.
type Dialect struct {
	Name string // as the configuration names it
	// Schema makes the newest schema in an empty database.
	Schema string
	// Migrations[i] leads from schema version i+1 to i+2; NeverMade: no database
	// of this kind ever had that version.
	Migrations []string
	// Least is the oldest version whose programs work on the newest schema beside
	// newer ones; 0: all. A version that adds tables, or columns with a default,
	// leaves it as it is: two neighbouring releases run on one schema. What a
	// release takes out of use, a later one removes.
	Least int
	// MigrationLock is a statement that keeps other nodes from migrating until
	// the transaction ends; "" where Begin does.
	MigrationLock string
	// Writers is how many transactions of this process may be under way at once;
	// 0: one.
	Writers int
	// Begin opens a transaction that will write, BeginHasty one that doesn't wait
	// long for others; "" is as Begin.
	Begin, BeginHasty string
	// Snapshot opens a transaction that reads as of one moment; "" is BEGIN.
	Snapshot string
	// Commit ends a transaction and fails unless it is kept; nil: by COMMIT.
	Commit func(ctx context.Context, conn *sql.Conn) error
	// Deadline is how long one statement of a transaction may take, and how long
	// an update may wait for its turn; 0: the database has its own.
	Deadline time.Duration
	// Fault says what the error of a statement means for its transaction; nil:
	// it is nobody else's.
	Fault func(error) Fault
	// ForUpdate ends a SELECT whose row must not change until the transaction
	// ends; "" where Begin keeps other writers out.
	ForUpdate string
	// BurnSteps burns many steps at once: $1 is the time in milliseconds, and $2 to
	// $5 are arrays of user, id, step and field. It changes those rows whose step is
	// newer. "": each step is burnt by a statement of its own.
	BurnSteps string
	// Place is "?" where the places of a long statement may all be called so, in their
	// order; "": they are $1, $2 and so on, which SQLite would look up, one among all
	// others, for each value.
	Place string
	// TableExists selects the number of tables named $1.
	TableExists string
	// Backup writes a consistent copy of the database to a file that isn't there
	// yet, while others go on; nil: the database has tools of its own for that.
	Backup func(ctx context.Context, into string) error
	// Doubts are what could make the database forget what it has committed, in
	// words for an administrator; nil: nothing.
	Doubts func(ctx context.Context, db *sql.DB) ([]string, error)
}

// places are count places of a statement, first the one of that number.
func (d Dialect) places(first, count int) string {
	names := make([]string, count)
	for i := range names {
		if names[i] = d.Place; d.Place == "" {
			names[i] = fmt.Sprintf("$%d", first+i)
		}
	}
	return strings.Join(names, ", ")
}

// NeverMade is a migration from a version that no database of a kind ever had.
const NeverMade = ""

// Fault is what an error of a database means for its transaction.
type Fault int

const (
	FaultNone       Fault = iota // it is the statement's own
	FaultConflict                // with another transaction: this one was ended, the next may get through
	FaultHeld                    // it waited too long for what another transaction holds
	FaultConnection              // the connection is of no use any more
)
