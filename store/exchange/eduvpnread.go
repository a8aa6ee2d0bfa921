package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// readEduVPN reads the whole database as of one moment.
func readEduVPN(ctx context.Context, conn *sql.Conn) (Batch, error) {
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Batch{}, databaseError("opening the database", err)
	}
	defer tx.Rollback()
	var verdict string
	if err := conn.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
		return Batch{}, databaseError("checking the database", err)
	}
	if verdict != "ok" {
		return Batch{}, errors.New("checking the database: it is damaged, or only a part of it is here")
	}
	tables, err := readSchema(ctx, conn)
	if err == nil {
		err = errors.Join(tables.check(), checkVersion(ctx, conn, tables))
	}
	if err != nil {
		return Batch{}, err
	}
	r := eduVPN{ctx: ctx, conn: conn, tables: tables, c: newCollector(), used: make(map[string]int64)}
	return r.c.finish(r.read())
}

// eduVPN is one reading.
type eduVPN struct {
	ctx    context.Context
	conn   *sql.Conn
	tables schema
	c      *collector
	used   map[string]int64 // name to when a code was used last, in seconds since 1970
}

func (r *eduVPN) read() error {
	steps := []struct {
		there bool
		table string
		query string
		row   func(place string, row []any)
	}{
		{r.tables.has("users", "user_id"), "users", `SELECT rowid, user_id, ` + r.column("users", "is_disabled") + `, ` +
			r.column("users", "yubi_key_id") + ` FROM users ORDER BY rowid`, r.user},
		{r.tables.oldPasswords(), "users", `SELECT rowid, user_id, password_hash FROM users ORDER BY rowid`, r.password},
		{r.tables.interimUsers(), "pdo_users", `SELECT rowid, user_id, password_hash FROM pdo_users ORDER BY rowid`, r.password},
		{r.tables.localUsers(), "local_users", `SELECT rowid, user_id, password_hash FROM local_users ORDER BY rowid`, r.password},
		{r.tables.has("otp_log", "user_id", "date_time"), "otp_log", `SELECT rowid, user_id, +date_time FROM otp_log ORDER BY rowid`, r.use},
		{r.tables.oldSecrets(), "users", `SELECT rowid, user_id, totp_secret, 'sha1', 6, 30 FROM users
			WHERE totp_secret IS NOT NULL ORDER BY rowid`, r.device()},
		{r.tables.otp(), "otp", `SELECT rowid, user_id, otp_secret, otp_hash_algorithm, otp_digits, totp_period FROM otp
			ORDER BY rowid`, r.device()},
	}
	for _, step := range steps {
		if step.there {
			if err := r.rows(step.table, step.query, step.row); err != nil {
				return err
			}
		}
	}
	return nil
}

// column is a column as it is stored, or NULL where the release hasn't it. The
// sign keeps the driver from reading times and truth values into it.
func (r *eduVPN) column(table, name string) string {
	if r.tables.has(table, name) {
		return "+" + name
	}
	return "NULL"
}

// rows hands over the rows of a query, without the rowid that is their place.
func (r *eduVPN) rows(table, query string, read func(place string, row []any)) error {
	doing := "reading the table " + table
	rows, err := r.conn.QueryContext(r.ctx, query)
	if err != nil {
		return databaseError(doing, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return databaseError(doing, err)
	}
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return databaseError(doing, err)
		}
		read(fmt.Sprintf("%s row %s", table, text(row[0])), row[1:])
		if r.c.err != nil {
			return r.c.err
		}
	}
	if err := rows.Err(); err != nil {
		return databaseError(doing, err)
	}
	return nil
}

func (r *eduVPN) user(place string, row []any) {
	account := r.c.account(place, text(row[0]))
	if account == nil {
		return
	}
	// As PHP reads a truth value.
	disabled := text(row[1])
	account.Disabled = disabled != "" && disabled != "0"
	if text(row[2]) != "" {
		r.c.skip(place, account.Name, "the YubiKey is left out: only TOTP devices are taken over")
	}
}

func (r *eduVPN) password(place string, row []any) {
	account, hash := r.c.account(place, text(row[0])), text(row[1])
	switch {
	case account == nil || hash == "":
	case !hashUsable(hash):
		r.c.skip(place, account.Name, faultHash)
	case account.PasswordHash == "":
		account.PasswordHash = hash
	case account.PasswordHash != hash:
		r.c.skip(place, account.Name, "another password than in a table before; the first one counts")
	}
}

// use notes when a code was used.
func (r *eduVPN) use(place string, row []any) {
	name, written := text(row[0]), text(row[1])
	at, err := time.Parse(time.RFC3339, written)
	if _, zoneless := time.Parse(time.DateTime, written); zoneless == nil { // before 2.x, in whatever zone
		return
	}
	switch {
	case err != nil:
		r.c.skip(place, name, "the time of a used code can't be read: that code may be accepted once more")
	case len(r.used) >= maxAccounts:
		r.c.err = errAccounts
	default:
		r.used[name] = max(r.used[name], at.Unix())
	}
}

// device reads the rows of one table with secrets.
func (r *eduVPN) device() func(place string, row []any) {
	first := make(map[string]string) // name to the place of the row that counts
	return func(place string, row []any) {
		name := text(row[0])
		if first[name] != "" {
			r.c.skip(place, name, "a second secret of the user; the server uses that of "+first[name])
			return
		}
		first[name] = place
		d := Device{Place: place, Algorithm: algorithmNamed(text(row[2])), Digits: numberOr(text(row[3]), 0), Period: numberOr(text(row[4]), 0)}
		var fault string
		if d.Secret, fault = decodeBase32(text(row[1])); fault != "" {
			r.c.skip(place, name, fault)
			return
		}
		if used := r.used[name]; used > 0 && d.Period > 0 {
			d.LastStep = used/int64(d.Period) + 1
		}
		r.c.device(name, d)
	}
}

// text is a stored value as the text that it stands for.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return ""
}
