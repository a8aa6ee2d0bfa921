package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Newest schemas that are known: of the server, which ended with 2.x, and of
// the 3.x portal.
const (
	newestServer = "2022020801"
	newestPortal = "2023011801"
)

// schema is which tables there are, and which columns they have, in lower case.
type schema map[string][]string

// maxColumns is the most columns of all tables together: eduVPN has about 70.
const maxColumns = 2000

func readSchema(ctx context.Context, conn *sql.Conn) (schema, error) {
	rows, err := conn.QueryContext(ctx, `SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.rootpage > 0 AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY t.name, c.cid LIMIT ?`, maxColumns+1)
	if err != nil {
		return nil, databaseError("reading the schema", err)
	}
	defer rows.Close()
	tables := make(schema)
	count := 0
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return nil, databaseError("reading the schema", err)
		}
		if count++; count > maxColumns {
			return nil, fmt.Errorf("the database has more than %d columns", maxColumns)
		}
		table = strings.ToLower(table)
		tables[table] = append(tables[table], strings.ToLower(column))
	}
	if err := rows.Err(); err != nil {
		return nil, databaseError("reading the schema", err)
	}
	return tables, nil
}

// has is whether there is a table with all these columns.
func (s schema) has(table string, names ...string) bool {
	have, there := s[table]
	for _, name := range names {
		there = there && slices.Contains(have, name)
	}
	return there
}

// Tables and columns as the different releases have them.
func (s schema) otp() bool {
	return s.has("otp", "user_id", "otp_secret", "otp_hash_algorithm", "otp_digits", "totp_period")
}
func (s schema) oldSecrets() bool    { return s.has("users", "user_id", "totp_secret") }
func (s schema) oldPasswords() bool  { return s.has("users", "user_id", "password_hash") }
func (s schema) localUsers() bool    { return s.has("local_users", "user_id", "password_hash") }
func (s schema) interimUsers() bool  { return s.has("pdo_users", "user_id", "password_hash") }
func (s schema) portalOrOlder() bool { return s.oldPasswords() || s.localUsers() || s.interimUsers() }

// check refuses what isn't eduVPN's, by the name of what was found.
func (s schema) check() error {
	switch {
	case len(s) == 0:
		return errors.New("the database is empty: it has no tables")
	case s.has("_migration_in_progress"):
		return errors.New("an update of the database's schema was broken off: finish it on the server first")
	case !s.otp() && !s.oldSecrets() && !s.portalOrOlder():
		return fmt.Errorf("the database isn't eduVPN's: it has the tables %s", s.tables())
	}
	return nil
}

// shownTables is how many names of tables an error has.
const shownTables = 10

func (s schema) tables() string {
	var names []string
	for name := range s {
		names = append(names, fmt.Sprintf("%q", printable(name)))
	}
	slices.Sort(names)
	if len(names) > shownTables {
		names = append(names[:shownTables], "…")
	}
	return strings.Join(names, ", ")
}

// checkVersion refuses a schema newer than those that are known. A database
// without the table is older than the table.
func checkVersion(ctx context.Context, conn *sql.Conn, s schema) error {
	if !s.has("version", "current_version") {
		return nil
	}
	var version string
	if err := conn.QueryRowContext(ctx, `SELECT CAST(max(current_version) AS TEXT) FROM version`).Scan(&version); err != nil {
		return databaseError("reading the version of the schema", err)
	}
	if len(version) != len(newestServer) || strings.ContainsFunc(version, notDigit) {
		return errors.New("the version of the schema isn't a date and a number, as eduVPN writes it")
	}
	newest := newestPortal
	if s.otp() && !s.localUsers() {
		newest = newestServer
	}
	if version > newest {
		return fmt.Errorf("the database has schema %s, newer than the newest that is known, %s", version, newest)
	}
	return nil
}
