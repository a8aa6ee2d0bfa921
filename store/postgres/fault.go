package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"vpn-otpd/store"
)

// faults are the error codes of PostgreSQL that aren't the statement's own fault,
// by their beginnings (Appendix A of its manual).
var faults = []struct {
	code  string
	means store.Fault
}{
	{"40001", store.FaultConflict},   // serialization_failure
	{"40P01", store.FaultConflict},   // deadlock_detected
	{"55P03", store.FaultHeld},       // lock_not_available: lock_timeout
	{"57014", store.FaultHeld},       // query_canceled: statement_timeout
	{"08", store.FaultConnection},    // connection exceptions
	{"25006", store.FaultConnection}, // read_only_sql_transaction: no primary any more
	{"25P03", store.FaultConnection}, // idle_in_transaction_session_timeout
	{"57P", store.FaultConnection},   // shutdown, crash, starting up
}

func fault(err error) store.Fault {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		for _, f := range faults {
			if strings.HasPrefix(answer.Code, f.code) {
				return f.means
			}
		}
		return store.FaultNone
	}
	var network net.Error
	if errors.As(err, &network) {
		return store.FaultConnection
	}
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.Canceled, driver.ErrBadConn, sql.ErrConnDone, pgconn.ErrConnClosed} {
		if errors.Is(err, end) {
			return store.FaultConnection
		}
	}
	return store.FaultNone
}
